import { describe, expect, it, onTestFinished } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { json, startScriptedRegistry, type ScriptedAnswer } from '../../support/scripted-registry.ts';
import { createRequestBudget } from '../../../src/store/registry/content/request-budget.ts';
import type { MonotonicMs } from '../../../src/time/monotonic.ts';
import { aWorld, inTurn } from './world.ts';

const blob = { digest: digestOf('content'), size: 7 };
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

  it('is spent by each try and each hop, but not by what is asked elsewhere', async () => {
    const elsewhere = await startScriptedRegistry(() => ({ status: 200, body: 'content' }));
    onTestFinished(() => elsewhere.stop());
    const answers: Record<string, () => ScriptedAnswer> = {
      '/v2/a/b/tags/list?n=1000': inTurn<ScriptedAnswer>({ status: 503 }, { status: 503 }, noTags()),
      [`/v2/a/b/blobs/${blob.digest}`]: () => ({ status: 307, headers: { location: '/here' } }),
      '/here': () => ({ status: 307, headers: { location: `http://${elsewhere.host}/there` } }),
    };
    const { store, image } = await aWorld(({ url }) => answers[url]?.() ?? { status: 404 }, {
      store: { requestsPerMinute: 10 },
      deps: { sleep: () => Promise.resolve() },
    });
    await image().tags();
    expect(store.spent?.('a/b')).toBeCloseTo(0.3);
    const opened = await image().openBlob(blob);
    opened?.stream.destroy();
    expect(elsewhere.seen).toHaveLength(1);
    expect(store.spent?.('a/b')).toBeCloseTo(0.5);
  });

  it('ends the tries of a request where it is spent meanwhile', async () => {
    const { image, registry } = await aWorld(() => ({ status: 503 }), {
      store: { requestsPerMinute: 2 },
      deps: { sleep: () => Promise.resolve() },
    });
    await expect(image().tags()).rejects.toMatchObject({ details: { retryAfterSeconds: 30 } });
    expect(registry.seen).toHaveLength(2);
  });

  it('is waited for as long as it takes by those who may wait', async () => {
    const { image, registry, pauses } = await aWorld(noTags, {
      store: { requestsPerMinute: 2, requestWaitMs: Infinity },
    });
    for (let i = 0; i < 4; i += 1) await image().tags();
    expect(registry.seen).toHaveLength(4);
    expect(pauses).toEqual([30_000, 30_000]);
  });

  it('is not spent by who leaves while waiting', async () => {
    const leaving = new AbortController();
    const sleep = (_ms: number, signal?: AbortSignal) =>
      new Promise<void>((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          reject(new Error('left'));
        });
      });
    const budget = createRequestBudget({ monotonicMs: () => 0 as MonotonicMs, sleep }, { perMinute: 60 });
    for (let i = 0; i < 60; i += 1) await budget.take('a/b');
    const waiting = budget.take('a/b', { signal: leaving.signal });
    leaving.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    const next = budget.take('a/b', { signal: AbortSignal.timeout(10) });
    await expect(next).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('is anybody’s to spend where none is set', async () => {
    const { store } = await aWorld(noTags);
    expect('spent' in store).toBe(false);
  });
});
