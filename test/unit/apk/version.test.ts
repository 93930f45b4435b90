import { describe, expect, it } from 'vitest';
import { compareVersions, isValidVersion, satisfies, type VersionOperator } from '../../../src/apk/version.ts';
import { readJson } from './fixtures.ts';

const vectors = readJson('versions.json') as {
  compare: [string, '<' | '=' | '>', string][];
  match: [string, VersionOperator, string, boolean][];
  valid: string[];
  invalid: string[];
};
const signs = { '<': -1, '=': 0, '>': 1 } as const;

describe('versions', () => {
  it.each(vectors.compare)('%s %s %s', (a, sign, b) => {
    expect(compareVersions(a, b)).toBe(signs[sign]);
    expect(compareVersions(b, a) + signs[sign]).toBe(0);
  });

  it.each(vectors.match)('%s fulfils %s%s: %s', (version, operator, wanted, isFulfilled) => {
    expect(satisfies(version, operator, wanted)).toBe(isFulfilled);
  });

  it.each(vectors.valid)('%s is valid', (version) => {
    expect(isValidVersion(version)).toBe(true);
  });

  it.each(vectors.invalid)('"%s" is not valid', (version) => {
    expect(isValidVersion(version)).toBe(false);
  });

  it('sorts the way apk does', () => {
    const sorted = ['1.0_rc1', '1.0', '1.0-r0', '1.0-r9', '1.0-r10', '1.0~0abc', '1.0_p1', '1.0a', '1.0.0', '1.10'];
    expect([...sorted].reverse().sort(compareVersions)).toEqual(sorted);
  });

  it('compares numbers past what a double holds', () => {
    expect(compareVersions('1.18446744073709551615', '1.18446744073709551614')).toBe(1);
  });
});
