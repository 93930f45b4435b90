import { describe, expect, it } from 'vitest';
import { createUploadSlots } from '../../../../src/http/upload/upload-slots.ts';

describe('slots for uploads', () => {
  it('go to who came first, and to nobody who comes while others wait', async () => {
    const slots = createUploadSlots({ maxUploads: 1, maxWaiting: 3, waitMs: 60_000 });
    const order: string[] = [];
    const giveBack = await slots.take();
    const later = ['a', 'b', 'c'].map(async (name) => {
      const done = await slots.take();
      order.push(name);
      done();
    });
    giveBack();
    await Promise.all(later);
    expect(order).toEqual(['a', 'b', 'c']);
  });

  it('are given back once, however often that is said', async () => {
    const slots = createUploadSlots({ maxUploads: 1, maxWaiting: 0, waitMs: 0 });
    const first = await slots.take();
    first();
    first();
    await slots.take();
    await expect(slots.take()).rejects.toMatchObject({ code: 'OVERLOADED' });
  });

  it('are not kept for who left while waiting', async () => {
    const counts: object[] = [];
    const onChange = (now: object) => counts.push(now);
    const slots = createUploadSlots({ maxUploads: 1, maxWaiting: 1, waitMs: 60_000, onChange });
    const giveBack = await slots.take();
    const leaving = new AbortController();
    const waiting = slots.take(leaving.signal);
    leaving.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    giveBack();
    expect(counts.at(-1)).toEqual({ taken: 0, waiting: 0 });
    (await slots.take())();
  });

  it('are refused to who has left already', async () => {
    const slots = createUploadSlots({ maxUploads: 1, maxWaiting: 1, waitMs: 60_000 });
    await slots.take();
    await expect(slots.take(AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
