import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { extract, pack, type Header } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { formatTarHeader } from '../../../src/apk/tar/tar-header.ts';
import { createTarReader } from '../../../src/apk/tar/tar.ts';
import { fixtures, readFixture } from '../../unit/apk/fixtures.ts';

/** One entry as a reader sees it. */
interface Seen {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly mode: number;
  readonly seconds: number;
  readonly linkName: string;
  readonly content: string;
}

const typeNames: Readonly<Record<string, string>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'link',
  '2': 'symlink',
  '5': 'directory',
};

/** The entries as our reader gives them, in chunks of those sizes; extensions of the format are no entries. */
function ours(tar: Uint8Array, sizes: readonly number[] = [tar.length || 1]): readonly Seen[] {
  const seen: (Omit<Seen, 'content'> & { content: string })[] = [];
  const reader = createTarReader({
    entry({ name, type, size, mode, modifiedAt, linkName }) {
      const plain = type === '5' ? name.replace(/\/$/, '') : name;
      seen.push({
        ...{ name: plain, type: typeNames[type] ?? `type ${type}`, size, mode: mode & 0o7777 },
        ...{ seconds: modifiedAt, linkName, content: '' },
      });
    },
    content(bytes) {
      const last = seen.at(-1);
      if (last !== undefined) last.content += Buffer.from(bytes).toString('latin1');
    },
    endMark: () => undefined,
    faultOf: (what) => new Error(what),
  });
  for (let at = 0, i = 0; at < tar.length; i += 1) {
    const size = sizes[i % sizes.length] ?? tar.length;
    reader.write(tar.subarray(at, at + size));
    at += size;
  }
  reader.end();
  return seen;
}

async function theirs(tar: Uint8Array): Promise<readonly Seen[]> {
  const reading = extract();
  const seen: Seen[] = [];
  reading.end(tar);
  for await (const entry of reading) {
    const { name, type, size, mode, mtime, linkname } = entry.header;
    const content = (await buffer(entry)).toString('latin1');
    const plain = type === 'directory' ? name.replace(/\/$/, '') : name;
    const linkName = (linkname as string | null) ?? '';
    seen.push({
      name: plain,
      type: wordOf(type),
      size,
      mode,
      seconds: mtime.getTime() / 1000,
      linkName,
      content,
    });
  }
  return seen;
}

/** Null, whatever its types say, for what it has no word for. */
function wordOf(type: string | null): string {
  return type ?? 'null';
}

async function packed(
  entries: readonly (Partial<Header> & Pick<Header, 'name'> & { readonly content?: string })[],
): Promise<Buffer> {
  const packing = pack();
  for (const { content = '', ...header } of entries) packing.entry(header, content);
  packing.finalize();
  return buffer(packing);
}

const name = fc
  .array(fc.stringMatching(/^[a-zA-Z0-9._+@é日-]{1,40}$/), { minLength: 1, maxLength: 12 })
  .map((parts) => parts.join('/'));
// It packs times past 2038 as negative numbers, and 0 as no mode at all.
const shared = {
  name,
  mode: fc.integer({ min: 1, max: 0o7777 }),
  mtime: fc.integer({ min: 0, max: 2 ** 31 - 1 }).map((seconds) => new Date(seconds * 1000)),
};
const entry = fc.oneof(
  fc.record({ ...shared, type: fc.constant('file' as const), content: fc.string({ maxLength: 1500 }) }),
  fc.record({ ...shared, type: fc.constant('directory' as const) }),
  fc.record({ ...shared, type: fc.constantFrom('symlink' as const, 'link' as const), linkname: name }),
);

const refused = 'refused';
const end = Buffer.alloc(1024);
const abc = Buffer.concat([Buffer.from('abc')], 512);

/** A header block with other bytes at some offsets, and the checksum that they ask for. */
function header(name: string, size: number, type = '0', fields: Readonly<Record<number, string>> = {}): Buffer {
  const block = formatTarHeader(name, size);
  block.write(type, 156, 'latin1');
  for (const [at, field] of Object.entries(fields)) block.write(field, Number(at), 'latin1');
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** An extension header in front of the next entry: pax (`x`, `g`) or GNU (`L`, `K`). */
function extension(type: string, body: string): Buffer {
  return Buffer.concat([header('extension', body.length, type), Buffer.from(body)], 1024);
}

/** Records that say their own length, each shorter than a hundred bytes. */
function pax(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  return `${rest.length + 2}${rest}`.padStart(rest.length + 2, '0');
}

const abcFile = Buffer.concat([header('abc', 3), abc]);
const wrongSum = Buffer.concat([abcFile, end]);
wrongSum.write('000000', 148);

/** Where a reader that is kinder or stricter than apk would see other files than apk installs: what, the tar, ours, theirs. */
const differences: readonly (readonly [string, Buffer, unknown, unknown])[] = [
  [
    'a size in a pax header is ignored, as by apk; it obeys',
    Buffer.concat([extension('x', pax('size', '515')), header('abc', 3), abc, header('next', 0), end]),
    [
      ['abc', 3],
      ['next', 0],
    ],
    [['abc', 515]],
  ],
  [
    'a global pax header names nothing; it gives its path to entries with a pax header of their own',
    Buffer.concat([extension('g', pax('path', 'other')), extension('x', pax('comment', 'own')), abcFile, end]),
    [['abc', 3]],
    [['other', 3]],
  ],
  [
    "GNU's long link target is left alone; it takes it",
    Buffer.concat([extension('K', 'far/away\0'), header('link', 0, '2', { 157: 'near' }), end]),
    [['link', 0, 'near']],
    [['link', 0, 'far/away']],
  ],
  [
    'a size in base 256 is refused; it reads that',
    Buffer.concat([header('abc', 3, '0', { 124: '\x80\0\0\0\0\0\0\0\0\0\0\x03' }), abc, end]),
    refused,
    [['abc', 3]],
  ],
  ['a wrong checksum is read, as by apk; it refuses', wrongSum, [['abc', 3]], refused],
  [
    'content behind the end mark is refused; it goes on',
    Buffer.concat([abcFile, end, abcFile, end]),
    refused,
    [
      ['abc', 3],
      ['abc', 3],
    ],
  ],
  [
    'a long name beside a prefix is refused; it drops the prefix',
    Buffer.concat([extension('L', 'long\0'), header('abc', 3, '0', { 345: 'folder' }), abc, end]),
    refused,
    [['long', 3]],
  ],
  [
    'a NUL in a pax path is refused; it keeps it',
    Buffer.concat([extension('x', pax('path', 'a\0b')), abcFile, end]),
    refused,
    [['a\0b', 3]],
  ],
  [
    'two names of one entry are refused; it takes one',
    Buffer.concat([extension('x', pax('path', 'one')), extension('x', pax('path', 'two')), abcFile, end]),
    refused,
    [['two', 3]],
  ],
];

const alike: readonly (readonly [string, Buffer, unknown])[] = [
  ['a name with a prefix', Buffer.concat([header('abc', 3, '0', { 345: 'folder' }), abc, end]), [['folder/abc', 3]]],
  ['a long name by GNU', Buffer.concat([extension('L', 'long\0'), abcFile, end]), [['long', 3]]],
  ['a path by pax', Buffer.concat([extension('x', pax('path', 'other')), abcFile, end]), [['other', 3]]],
  ['the stored part of a sparse file', Buffer.concat([header('sparse', 3, 'S'), abc, end]), [['sparse', 3]]],
  ['no end mark', abcFile, [['abc', 3]]],
  ['an end inside an entry', Buffer.concat([header('abc', 1000), abc]), refused],
  ['a size that is no number', Buffer.concat([header('abc', 0, '0', { 124: 'zzzzzzzzzzz\0' }), end]), refused],
  ['a header of no known form', Buffer.concat([header('abc', 3, '0', { 257: 'other' }), abc, end]), refused],
];

describe('tar, with tar-stream as the second reader', () => {
  it('reads alike what it packs, in chunks of any size', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 5 }), sizes, async (entries, chunkSizes) => {
        const tar = await packed(entries);
        expect(ours(tar, chunkSizes)).toEqual(await theirs(tar));
      }),
      { numRuns: 200 },
    );
  });

  it('reads alike each good package, but for the one whose checksums are wrong as fpm writes them', async () => {
    const others = [];
    for (const { path } of fixtures('good/', '.apk')) {
      const tar = gunzipSync(readFixture(path));
      const second = await outcome(() => theirs(tar));
      if (typeof second === 'string') others.push([path, ours(tar).length > 0]);
      else expect([path, fixedTypes(ours(tar))]).toEqual([path, second]);
    }
    expect(others).toEqual([['good/tar-checksum-wrong-1.0-r0.apk', true]]);
  });

  it.each(alike)('reads alike %s', async (_what, tar, expected) => {
    expect(summaryOf(await outcome(() => ours(tar)))).toEqual(expected);
    expect(summaryOf(await outcome(() => theirs(tar)))).toEqual(expected);
  });

  it.each(differences)('differs from it on purpose: %s', async (_what, tar, here, there) => {
    expect(summaryOf(await outcome(() => ours(tar)))).toEqual(here);
    expect(summaryOf(await outcome(() => theirs(tar)))).toEqual(there);
  });
});

/** What neither a name nor a size can tell: they leave out the type of entries that they have no word for. */
function fixedTypes(seen: readonly Seen[]): readonly Seen[] {
  return seen.map((one) => (one.type.startsWith('type ') ? { ...one, type: 'null' } : one));
}

async function outcome(read: () => readonly Seen[] | Promise<readonly Seen[]>): Promise<readonly Seen[] | string> {
  try {
    return await read();
  } catch (error) {
    return (error as Error).message;
  }
}

/** What a difference is about: names, sizes, and where links lead; or that the whole is refused. */
function summaryOf(seen: readonly Seen[] | string): unknown {
  if (typeof seen === 'string') return refused;
  return seen.map(({ name, size, linkName }) => (linkName === '' ? [name, size] : [name, size, linkName]));
}
