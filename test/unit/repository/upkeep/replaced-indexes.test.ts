import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/errors.ts';
import { digestOf, type Digest } from '../../../../src/oci/digest.ts';
import { createSuperseded } from '../../../../src/repository/upkeep/replaced-indexes.ts';
import type { ImageStore } from '../../../../src/store/store.ts';
import { aClock } from '../../../support/a-repository.ts';
import { aLog } from '../../../support/signing-keys.ts';

const [one, two, three] = ['one', 'two', 'three'].map(digestOf) as [Digest, Digest, Digest];
const minuteMs = 60_000;

function aWorld(live: { digest: Digest }, refusal?: GatewayError) {
  const clock = aClock();
  const removed: Digest[] = [];
  const image = {
    image: 'team/app',
    resolve: () => Promise.resolve({ digest: live.digest, mediaType: '', size: 1 }),
    deleteManifest: (digest: Digest) => {
      if (refusal !== undefined) return Promise.reject(refusal);
      removed.push(digest);
      return Promise.resolve();
    },
  } as unknown as ImageStore;
  const superseded = createSuperseded({ clock, log: aLog() }, { keepSupersededMs: minuteMs });
  return { clock, removed, superseded, clear: () => superseded.clear(image, {}) };
}

describe('index manifests that were replaced', () => {
  it('are removed once their time is up, and never the one that is there', async () => {
    const { clock, removed, superseded, clear } = aWorld({ digest: three });
    for (const digest of [one, two, three]) superseded.saw('index', digest);
    await clear();
    expect(removed).toEqual([]);
    clock.pass(minuteMs);
    await clear();
    await clear();
    expect(removed).toEqual([one, two]);
  });

  it('are kept where they are there again: a read that lagged, or somebody who put an old one back', async () => {
    const { clock, removed, superseded, clear } = aWorld({ digest: two });
    superseded.saw('index', one);
    superseded.saw('index', two);
    superseded.saw('index', one);
    superseded.saw('index', two);
    superseded.saw('other', three);
    // This replica hasn't seen yet that the tag was set back.
    superseded.saw('index', three);
    clock.pass(minuteMs);
    await clear();
    expect(removed).toEqual([one]);
  });

  it.each([
    ['UNAUTHORIZED', 60],
    ['FORBIDDEN', 60],
    ['STORE_UNAVAILABLE', 10],
  ] as const)('are left alone after %s for %i minutes', async (code, minutes) => {
    let asked = 0;
    const refusal = new GatewayError(code, 'not removed');
    const { clock, superseded, clear } = aWorld(
      {
        get digest() {
          asked += 1;
          return two;
        },
      },
      refusal,
    );
    superseded.saw('index', one);
    superseded.saw('index', two);
    for (let i = 0; i < minutes; i += 1) {
      clock.pass(minuteMs);
      await clear();
    }
    expect(asked).toBe(1);
    clock.pass(minuteMs);
    await clear();
    expect(asked).toBe(2);
  });
});
