import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareVersions, isValidVersion, satisfies } from '../../../src/apk/version.ts';
import { packageFileName, parsePackageFileName } from '../../../src/apk/package-name.ts';

const valid = fc.stringMatching(
  /^[0-9]{1,3}(\.[0-9]{1,3}){0,3}[a-c]?(_(alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]{0,2}){0,2}(~[0-9a-f]{1,3})?(-r[0-9]{1,2})?$/,
);
const any = fc.oneof(valid, fc.string(), fc.stringMatching(/^[0-9.a-z_~-]{0,12}$/));

describe('the order of versions', () => {
  it('takes each valid one for valid', () => {
    fc.assert(
      fc.property(valid, (version) => {
        expect(isValidVersion(version)).toBe(true);
      }),
    );
  });

  it('is the reverse read backwards, and agrees with the operators', () => {
    fc.assert(
      fc.property(any, any, (a, b) => {
        const order = compareVersions(a, b);
        expect(order + compareVersions(b, a)).toBe(0);
        expect([satisfies(a, '<', b), satisfies(a, '=', b), satisfies(a, '>', b)].indexOf(true) - 1).toBe(order);
      }),
      { numRuns: 2000 },
    );
  });

  it('is total: what sorts before the second sorts before the third', () => {
    fc.assert(
      fc.property(any, any, any, (...versions) => {
        const [a, b, c] = versions.sort(compareVersions);
        expect(compareVersions(a, b)).toBeLessThanOrEqual(0);
        expect(compareVersions(b, c)).toBeLessThanOrEqual(0);
        expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
        if (compareVersions(a, b) === 0) expect(compareVersions(a, c)).toBe(compareVersions(b, c));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('file names', () => {
  it('always offer the name and version they were made of', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,30}$/);
    fc.assert(
      fc.property(name, valid, (packageName, version) => {
        const offers = parsePackageFileName(packageFileName(packageName, version));
        expect(offers).toContainEqual({ name: packageName, version });
      }),
    );
  });
});
