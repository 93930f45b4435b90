import { describe, expect, it } from 'vitest';
import { compareVersions, isValidVersion, satisfies, type VersionOperator } from '../../../src/apk/version.ts';
import { hasShared, readJson, sharedFolder } from './fixtures.ts';

interface Vectors {
  readonly compare: [string, '<' | '=' | '>', string][];
  readonly match: [string, VersionOperator, string, boolean][];
  readonly valid: string[];
  readonly invalid: string[];
}

/** Our own; the hundreds of apk-tools' own vectors belong to another project and are read where they are at hand. */
const own: Vectors = {
  compare: [
    ['1.0', '<', '1.0-r0'],
    ['1.0-r0', '<', '1.0_p1'],
    ['1.0_p1', '<', '1.0a'],
    ['1.0a', '<', '1.0.0'],
    ['1.0_rc1', '<', '1.0'],
    ['1.0_alpha', '<', '1.0_beta'],
    ['1.0-r10', '>', '1.0-r9'],
    ['1.0~1234', '<', '1.0~12345'],
    ['8.2.0015', '<', '8.2.002'],
    ['2.0', '=', '2.0'],
    ['10.0', '>', '9.9'],
  ],
  match: [
    ['3.6_pre1', '~', '3.6', true],
    ['3.60', '~', '3.6', false],
    ['1.2-r3', '>=', '1.2', true],
    ['1.2', '<', '1.2', false],
    ['1.2', '=', '1.2', true],
  ],
  valid: ['1', '1.0', '1.0a', '1.0_rc1_p2', '1.0~0abc-r1', '20240101'],
  invalid: ['', 'v1.0', '1.0+git1', '1.0-beta', '1.0_foo', '1.', '1.0-r'],
};
const vectors = hasShared ? (readJson('versions.json', sharedFolder) as Vectors) : own;

it.skipIf(hasShared)("leaves out apk-tools' own version vectors: the shared fixtures are not here", () => undefined);
const signs = { '<': -1, '=': 0, '>': 1 } as const;

describe('versions', () => {
  it.each([...own.compare, ...vectors.compare])('%s %s %s', (a, sign, b) => {
    expect(compareVersions(a, b)).toBe(signs[sign]);
    expect(compareVersions(b, a) + signs[sign]).toBe(0);
  });

  it.each([...own.match, ...vectors.match])('%s fulfils %s%s: %s', (version, operator, wanted, isFulfilled) => {
    expect(satisfies(version, operator, wanted)).toBe(isFulfilled);
  });

  it.each([...own.valid, ...vectors.valid])('%s is valid', (version) => {
    expect(isValidVersion(version)).toBe(true);
  });

  it.each([...own.invalid, ...vectors.invalid])('"%s" is not valid', (version) => {
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
