import { describe, expect, it } from 'vitest';
import { json } from '../../support/scripted-registry.ts';
import { createRequestBudget } from '../../../src/store/request-budget.ts';
import { aWorld } from './world.ts';

const noTags = () => json({ name: 'a/b', tags: [] });

describe('a budget of requests', () => {
  it('is kept for each image and minute: a short wait for a turn, then a refusal that says when to come again', async () => {
    const outcomes: string[] = [];
    const { store, registry, pauses, pass } = await aWorld(noTags, {
      store: { requestsPerMinute: 6 },
      deps: { onShort: (outcome) => outcomes.push(outcome) },
    });
    const list = (image = 'a/b') => store.image(image, { kind: 'anonymous' }).tags();
    for (let i = 0; i < 6; i += 1) await list();
    expect(store.spent?.('a/b')).toBe(1);
    await expect(list()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', details: { retryAfterSeconds: 10 } });
    await list('c/d');
    expect(registry.seen).toHaveLength(7);
    pass(6_000);
    await list();
    expect(pauses).toEqual([4_000]);
    expect(outcomes).toEqual(['refused', 'waited']);
    pass(3_600_000);
    expect(store.spent?.('a/b')).toBe(0);
  });

  it('is not spent by who leaves while waiting', async () => {
    const leaving = new AbortController();
    const sleep = (_ms: number, signal?: AbortSignal) =>
      new Promise<void>((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          reject(new Error('left'));
        });
      });
    const budget = createRequestBudget({ now: () => 0, sleep }, { perMinute: 60 });
    for (let i = 0; i < 60; i += 1) await budget.take('a/b');
    const waiting = budget.take('a/b', leaving.signal);
    leaving.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    const next = budget.take('a/b', AbortSignal.timeout(10));
    await expect(next).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('is anybody’s to spend where none is set', async () => {
    const { store } = await aWorld(noTags);
    expect('spent' in store).toBe(false);
  });
});
