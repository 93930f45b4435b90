import { expect, it } from 'vitest';
import { choosePackages } from '../../../../src/repository/promoting/package-choice.ts';
import { aRecord } from '../../../support/a-repository.ts';

it('10,000 names are looked up among 20,000 packages in a moment: whoever may read a repository may ask for them', () => {
  const listed = Array.from({ length: 20_000 }, (_, i) => {
    const { architecture, entry } = aRecord({ name: `package-number-${i}` });
    return { architecture, entry };
  });
  const wanted = Array.from({ length: 10_000 }, (_, i) => `package-number-${i + 15_000}`);
  const beganMs = performance.now();
  const { found, missing } = choosePackages(listed, wanted);
  // Compared each with each it takes five seconds.
  expect(performance.now() - beganMs).toBeLessThan(1000);
  expect([found.length, missing.length]).toEqual([5000, 5000]);
});
