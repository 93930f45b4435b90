import { describe, expect, it } from 'vitest';
import { createShareWords } from '../../../../src/repository/live/shared-words.ts';
import { aRecord } from '../../../support/a-repository.ts';

const plain = aRecord({ name: 'plain' });
const full = {
  ...plain,
  ...{ packager: 'ci', pushedBy: 'robot', signature: { verdict: 'valid' as const, keyNames: ['k'] } },
  entry: {
    ...plain.entry,
    ...{ origin: 'plain', maintainer: 'Somebody', buildTime: 1_700_000_000, commit: 'c0ffee', providerPriority: 3 },
    ...{ installedSize: '99999999999999999', depends: ['a', 'b'], provides: ['cmd:c=1'], installIf: ['d'] },
  },
};
const v3 = { ...full, entry: { ...full.entry, replaces: ['x'], recommends: ['y'], tags: ['z'], layer: 2 } };

describe('records of which there are very many', () => {
  it.each([
    ['that says little', plain],
    ['that says all there is to say', full],
    ['of a v3 package', v3],
  ])('say the same with their words shared: one %s', (_what, pkg) => {
    const share = createShareWords();
    expect(share(pkg)).toEqual(pkg);
    expect(share(structuredClone(pkg))).toEqual(pkg);
    expect(Object.keys(share(pkg).entry)).toEqual(expect.arrayContaining(Object.keys(pkg.entry)));
  });

  it('have one list that is empty', () => {
    const share = createShareWords();
    const [one, other] = [share(plain), share(structuredClone(plain))];
    expect(one.entry.installIf).toBe(other.entry.provides);
  });

  it('say the same where there are more words than are known at a time', () => {
    const share = createShareWords();
    for (let i = 0; i < 25_000; i += 1) {
      const pkg = { ...plain, packager: `packager ${i}` };
      expect(share(pkg).packager).toBe(pkg.packager);
    }
  });
});
