import { describe, expect, it } from 'vitest';
import { formatIndexV3Record, isV3Entry, parseIndexV3Record } from '../../../../src/apk/index-v3/index-v3-record.ts';
import { formatIndexEntry, parseIndexEntry } from '../../../../src/apk/index/index-entry.ts';
import { readPackage } from '../../../../src/apk/package/package-file.ts';
import { readPackageV3 } from '../../../../src/apk/package-v3/package-v3-file.ts';
import { aV3Apk } from '../../../support/a-v3-apk.ts';
import { chunked, fixtures, readFixture } from '../fixtures.ts';

const entryOf = async (file: Uint8Array) => (await readPackageV3(chunked(file))).entry;

describe('the record of a v3 package as text', () => {
  it.each(fixtures('v3/', '.apk'))('says all that the package says: $path', async ({ path }) => {
    const entry = await entryOf(readFixture(path));
    const text = formatIndexV3Record(entry);
    expect(parseIndexV3Record(text)).toMatchObject(JSON.parse(JSON.stringify(entry)));
    expect(formatIndexV3Record(parseIndexV3Record(text))).toBe(text);
    expect(isV3Entry(entry)).toBe(true);
  });

  it('keeps what the old format has no room for', async () => {
    const info = { tags: ['a', 'b=c'], recommends: [{ name: 'd' }], replaces: [{ name: 'e' }], layer: 1 };
    const entry = await entryOf(aV3Apk({ info }));
    expect(parseIndexV3Record(formatIndexV3Record(entry))).toMatchObject({
      tags: ['a', 'b=c'],
      recommends: ['d'],
      replaces: ['e'],
      layer: 1,
    });
  });

  const many = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`);
  it.each<[string, object]>([
    ['tags that fill more than a line', { tags: many(60_000) }],
    ['a tag that is too long', { tags: ['x'.repeat(256)] }],
    ['replacements that fill more than a line', { replaces: many(30_000).map((name) => ({ name })) }],
    ['lists that are too many in all', { tags: many(9000), recommends: many(9000).map((name) => ({ name })) }],
    ['a version in two words', { provides: [{ name: 'a', version: '1 cmd:sh' }] }],
    ['a version that begins like a comparison', { provides: [{ name: 'a', version: '=1' }] }],
  ])('is refused where readers of the record would see another package: %s', async (_name, info) => {
    await expect(entryOf(aV3Apk({ info }))).rejects.toMatchObject({ code: 'PACKAGE_MALFORMED' });
  });

  it.each(fixtures('good/', '.apk'))('is that of APKINDEX for a v2 package: $path', async ({ path }) => {
    const { entry } = await readPackage(chunked(readFixture(path)));
    expect(formatIndexV3Record(entry)).toBe(formatIndexEntry(entry));
    expect(parseIndexV3Record(formatIndexEntry(entry))).toEqual(entry);
  });

  it('is none to a reader that knows v2 alone', async () => {
    const text = formatIndexV3Record(await entryOf(readFixture('v3/v3-meta-1.0-r0.apk')));
    expect(() => parseIndexEntry(text)).toThrow(expect.objectContaining({ code: 'INDEX_MALFORMED' }) as Error);
  });

  it.each([
    ['another identity', (text: string) => text.replace(/^C:Q2./, 'C:Q2!')],
    ['no name', (text: string) => text.replace(/^P:.*\n/m, '')],
    ['a control character', (text: string) => text.replace(/^T:/m, 'T:\x1b')],
    ['a letter twice', (text: string) => text.replace(/\n\n$/, '\ng:a\ng:b\n\n')],
    ['a layer that is no number', (text: string) => text.replace(/\n\n$/, '\ny:x\n\n')],
    ['a replacement that is too long', (text: string) => text.replace(/\n\n$/, `\nr:${'x'.repeat(256)}\n\n`)],
  ])('is refused with %s', async (_, change) => {
    const text = formatIndexV3Record(await entryOf(readFixture('v3/v3-meta-1.0-r0.apk')));
    expect(() => parseIndexV3Record(change(text))).toThrow(
      expect.objectContaining({ code: 'INDEX_MALFORMED' }) as Error,
    );
  });
});
