import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPackageManifest, parsePackageManifest } from '../../../src/repository/artifacts/package-manifest.ts';
import { packageSignature, parsePackageSignature } from '../../../src/repository/artifacts/package-signature.ts';
import { newPackageTag } from '../../../src/repository/artifacts/package-tag.ts';
import { stampOf } from '../../../src/time/stamps.ts';
import { aGroup, aRecord, someRandom } from '../../support/a-repository.ts';

const random = someRandom();
const signature = packageSignature('valid', ['somebody.rsa.pub']);
const provenance = { promotedFrom: 'team/app/edge/main', promotedBy: 'ci', restoredBy: 'ann' };
const pkg = {
  ...aRecord({ name: 'hello' }),
  pushedBy: 'ci',
  packager: 'Somebody <s@example.org>',
  signature,
  provenance,
};
const group = aGroup();
const tag = newPackageTag(group, { fileName: pkg.fileName, identity: pkg.entry.identity }, stampOf(1e12), random);
const manifest = formatPackageManifest(group, tag, pkg, { artifactType: true });

interface Document {
  layers: Record<string, unknown>[];
  annotations: Record<string, string>;
}

/** The manifest with something changed. */
function tampered(change: (document: Document) => void): Uint8Array {
  const document = JSON.parse(Buffer.from(manifest).toString()) as Document;
  change(document);
  return Buffer.from(JSON.stringify(document));
}

describe('a package manifest', () => {
  it.each([true, false])('reads back as it was written (with artifactType: %s)', (artifactType) => {
    const bytes = formatPackageManifest(group, tag, pkg, { artifactType });
    const { branch, repository, architecture } = group;
    expect(parsePackageManifest(tag, bytes)).toEqual({ group: { branch, repository, architecture }, pkg });
  });

  const record = (find: string | RegExp, put: string) => (document: Document) => {
    document.annotations['lkard.apk.record'] = document.annotations['lkard.apk.record']!.replace(find, put);
  };
  it.each<[string, (document: Document) => void]>([
    ['another branch', ({ annotations }) => (annotations['lkard.apk.branch'] = 'v2')],
    ['another repository', ({ annotations }) => (annotations['lkard.apk.repository'] = 'community')],
    ['another architecture', ({ annotations }) => (annotations['lkard.apk.architecture'] = 'aarch64')],
    ['another tag inside', ({ annotations }) => (annotations['lkard.apk.tag'] = tag.replace('hello', 'hallo'))],
    ['no record', ({ annotations }) => delete annotations['lkard.apk.record']],
    ['a layer of another size', ({ layers }) => (layers[0]!['size'] = 1)],
    ['two layers', ({ layers }) => layers.push({ ...layers[0] })],
    ['no layer', ({ layers }) => layers.splice(0)],
    ['another name', record('P:hello', 'P:evil')],
    ['another version', record('V:1.0-r0', 'V:2.0-r0')],
    ['another identity', record(/C:Q1../, 'C:Q1AA')],
    ['a second record', record(/$/, 'C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:evil\nV:1\n\n')],
    ['a letter twice', record('T:one\n', 'T:one\nP:evil\n')],
    ['a control character', record('T:one', 'T:o\u0000ne')],
  ])('with %s is not taken for a package', (_what, change) => {
    expect(parsePackageManifest(tag, tampered(change))).toBeUndefined();
  });

  it.each([
    '',
    '{',
    '[]',
    '{"verdict":"good","keyNames":[]}',
    '{"verdict":"valid"}',
    '{"verdict":"valid","keyNames":[1]}',
  ])('with %j for a verdict on its signatures has none', (text) => {
    const bytes = tampered(({ annotations }) => (annotations['lkard.apk.signature'] = text));
    expect(parsePackageManifest(tag, bytes)?.pkg).toEqual({ ...pkg, signature: undefined });
  });

  it('keeps few, short and printable names of keys, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 400 }), { maxLength: 30 }), (names) => {
        const kept = packageSignature('unknown', names);
        expect(kept.keyNames.length).toBeLessThanOrEqual(8);
        for (const name of kept.keyNames) expect(name).toMatch(/^[\x20-\x7e]{0,200}$/);
        const bytes = formatPackageManifest(group, tag, { ...pkg, signature: kept }, { artifactType: true });
        expect(parsePackageManifest(tag, bytes)?.pkg.signature).toEqual(kept);
      }),
    );
    expect(parsePackageSignature(JSON.stringify({ verdict: 'valid', keyNames: Array(9).fill('a') }))).toBeUndefined();
  });

  it('under another tag is not taken for a package', () => {
    const other = newPackageTag(group, { fileName: pkg.fileName, identity: pkg.entry.identity }, stampOf(1e12), random);
    expect(parsePackageManifest(other, manifest)).toBeUndefined();
  });

  it('of any bytes throws nothing', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(parsePackageManifest(tag, bytes)).toBeUndefined();
        },
      ),
    );
    fc.assert(
      fc.property(fc.nat(manifest.length - 1), fc.integer({ min: 1, max: 255 }), (i, flip) => {
        const bytes = Uint8Array.from(manifest);
        bytes[i] = bytes[i]! ^ flip;
        const parsed = parsePackageManifest(tag, bytes);
        if (parsed !== undefined) expect(parsed.pkg.entry.identity).toBe(pkg.entry.identity);
      }),
    );
  });
});
