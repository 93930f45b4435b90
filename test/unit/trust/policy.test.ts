import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesGlob } from '../../../src/protocol/glob.ts';
import { fitsClaims, isAbout, parseTrustPolicy } from '../../../src/trust/policy.ts';

describe('a pattern', () => {
  it.each([
    ['team/app', 'team/app', true],
    ['team/*', 'team/app', true],
    ['team/*', 'team/app/deep', false],
    ['team/**', 'team/app/deep', true],
    ['*', '', true],
    ['repo:org/app:ref:refs/tags/v*', 'repo:org/app:ref:refs/tags/v1.0', true],
    ['repo:org/app:*', 'repo:org/app:ref:refs/heads/main', false],
    ['repo:org/app:**', 'repo:org/app:ref:refs/heads/main', true],
    ['repo:org/app:**', 'repo:org/app-evil:ref:refs/heads/main', false],
    ['a.c', 'abc', false],
    ['a*b*c', 'axxbyyc', true],
    ['a*b*c', 'axxbyy', false],
    ['v1', 'xv1', false],
    ['v1', 'v1\n', false],
    ['*', 'a\nb', true],
  ])('%s and %j: %s', (pattern, text, isMatch) => {
    expect(matchesGlob(pattern, text)).toBe(isMatch);
  });

  it('fits whatever stands where its stars are, and takes no time to speak of', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 10 }), { minLength: 1 }),
        fc.string({ maxLength: 20 }),
        (parts, filling) => {
          expect(
            matchesGlob(
              parts.map((part) => part.replaceAll('*', '')).join('**'),
              parts.map((part) => part.replaceAll('*', '')).join(filling),
            ),
          ).toBe(true);
        },
      ),
    );
    const began = performance.now();
    expect(matchesGlob(`${'*a'.repeat(100)}b`, 'a'.repeat(1000))).toBe(false);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

const publisher = {
  issuer: 'https://ci.example',
  audience: 'https://apk.example.org',
  subject: 'repo:org/app:**',
  images: 'team/*',
};
const policyOf = (...publishers: object[]) => parseTrustPolicy(JSON.stringify({ publishers }), 'policy.yaml');

describe('a policy', () => {
  it('in YAML says who may push where', () => {
    const text = `
publishers:
  - issuer: https://token.actions.githubusercontent.com
    audience: https://apk.example.org
    subject: repo:org/app:ref:refs/tags/v*
    claims: { environment: release }
    images: [team/app]
    branches: [edge]
packageSignatures:
  - { images: "team/*", keys: [keys] }
`;
    const { publishers, packageSignatures } = parseTrustPolicy(text, 'policy.yaml');
    expect(publishers[0]).toMatchObject({
      audience: ['https://apk.example.org'],
      images: ['team/app'],
      repositories: ['*'],
    });
    expect(packageSignatures[0]).toMatchObject({ images: ['team/*'], branches: ['*'], keys: ['keys'] });
    expect(parseTrustPolicy('', 'policy.yaml')).toEqual({ publishers: [], packageSignatures: [] });
  });

  it.each([
    ['without a subject or claims', { ...publisher, subject: undefined }],
    ['with an issuer that anybody on the way can speak for', { ...publisher, issuer: 'http://ci.example' }],
    ['with an issuer that is no URL', { ...publisher, issuer: 'ci.example' }],
    ['without an audience', { ...publisher, audience: undefined }],
    ['with an empty audience', { ...publisher, audience: '' }],
    ['without images', { ...publisher, images: [] }],
    ['with a word that nobody knows', { ...publisher, subjects: 'x' }],
  ])('%s is a fault that names the file', (_name, rule) => {
    expect(() => policyOf(rule)).toThrow(/^policy\.yaml: publishers\.0/);
  });

  it.each(['publishers: 1', '[', 'a: &a [x]\nb: *a'])('that is %j is refused', (text) => {
    expect(() => parseTrustPolicy(text, 'policy.yaml')).toThrow(/^policy\.yaml/);
  });

  it('is about the places that all three patterns fit', () => {
    const [rule] = policyOf({ ...publisher, branches: ['v*'], repositories: ['main'] }).publishers;
    expect(isAbout(rule!, { image: 'team/app', branch: 'v1', repository: 'main' })).toBe(true);
    expect(isAbout(rule!, { image: 'team/app', branch: 'edge', repository: 'main' })).toBe(false);
    expect(isAbout(rule!, { image: 'teams/app', branch: 'v1', repository: 'main' })).toBe(false);
  });

  it('wants every claim that it names', () => {
    const [rule] = policyOf({ ...publisher, claims: { environment: 'release', admin: 'true' } }).publishers;
    const claims = { sub: 'repo:org/app:x', environment: ['test', 'release'], admin: true };
    expect(fitsClaims(rule!, claims)).toBe(true);
    expect(fitsClaims(rule!, { ...claims, admin: undefined })).toBe(false);
    expect(fitsClaims(rule!, { ...claims, sub: 'repo:org/other:x' })).toBe(false);
    expect(fitsClaims(rule!, { ...claims, environment: { release: 1 } })).toBe(false);
    expect(fitsClaims(rule!, { ...claims, sub: `${claims.sub}${'x'.repeat(1024)}` })).toBe(false);
    const [proto] = policyOf({ ...publisher, claims: { constructor: '**' } }).publishers;
    expect(fitsClaims(proto!, claims)).toBe(false);
  });
});
