import { describe, expect, it } from 'vitest';
import { buildIndexContent } from '../../../../src/repository/index/index-content.ts';
import { indexedPackage } from '../../../../src/repository/index/indexed-package.ts';
import { verifiedView, type ComparedIndex } from '../../../../src/repository/views/index-view.ts';
import { aClock, aGroup, aRecord, aSigningKey, signNow } from '../../../support/a-repository.ts';

const clock = aClock();
const key = aSigningKey();
const content = (...names: readonly string[]) =>
  buildIndexContent(
    aGroup(),
    names.map((name) => indexedPackage(aRecord({ name }), [`tag-of-${name}`])),
    [],
  );

/** What a look has shown of an index that the registry lost. */
function lost(more: Partial<ComparedIndex> = {}): ComparedIndex {
  return {
    stored: undefined,
    content: content('hello'),
    isCovered: false,
    isFromScratch: true,
    hadPackages: true,
    kept: [],
    keys: [key],
    beganMs: clock.monotonicMs(),
    ...more,
  };
}

describe('a view of a lost index', () => {
  const same = content('hello');
  it.each([
    ['isn’t signed again where a later look shows the same', { content: same, keys: [key] }, 1],
    ['is signed again where what lives has changed', { content: content('hello', 'other'), keys: [key] }, 2],
    ['is signed again under another key', { content: same, keys: [aSigningKey('test-only-4096.rsa')] }, 2],
  ])('%s', async (_what, later, times) => {
    let signed = 0;
    const maker = {
      clock,
      sign: (...args: Parameters<typeof signNow>) => {
        signed += 1;
        return signNow(...args);
      },
    };
    const first = await verifiedView(maker, lost({ content: same }));
    clock.pass(1_000);
    const beganMs = clock.monotonicMs();
    const second = await verifiedView(maker, lost({ ...later, kept: ['a-kept-tag'], beganMs }), first ?? undefined);
    expect(signed).toBe(times);
    expect(second?.bytes === first?.bytes).toBe(times === 1);
    expect([second?.comparedMs, second?.kept, second?.keys]).toEqual([beganMs, ['a-kept-tag'], later.keys]);
    expect(second).toEqual(await verifiedView(maker, lost({ ...later, kept: ['a-kept-tag'], beganMs })));
  });
});
