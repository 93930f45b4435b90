import { describe, expect, it } from 'vitest';
import { createTarReader } from '../../../../src/apk/tar/tar.ts';
import { formatTarHeader, parseTarHeader } from '../../../../src/apk/tar/tar-header.ts';
import { tarEntry } from '../../../support/an-apk.ts';

interface SeenEntry {
  name: string;
  type: string;
  content: string;
  linkName: string;
}

function entriesOf(tar: Uint8Array, chunkBytes = 512): SeenEntry[] {
  const seen: SeenEntry[] = [];
  const reader = createTarReader({
    entry: ({ name, type, linkName }) => seen.push({ name, type, linkName, content: '' }),
    content: (bytes) => (seen.at(-1)!.content += Buffer.from(bytes).toString()),
    endMark: () => seen.push({ name: 'END', type: '', linkName: '', content: '' }),
    faultOf: (what) => new Error(what),
  });
  for (let offset = 0; offset < tar.length; offset += chunkBytes)
    reader.write(tar.subarray(offset, offset + chunkBytes));
  reader.end();
  return seen;
}

function namesOf(tar: Uint8Array): string[] {
  return entriesOf(tar).map(({ name }) => name);
}

function withBytes(block: Buffer, offset: number, text: string): Buffer {
  const copy = Buffer.from(block);
  copy.write(text, offset, 'latin1');
  return copy;
}

function longName(name: string): Buffer {
  return withBytes(tarEntry({ name: '././@LongLink' }, `${name}\0`), 156, 'L');
}

const file = tarEntry({ name: 'file' }, 'content');

describe('a tar', () => {
  it.each([1, 100, 511, 513, 4096])('is read in chunks of %i bytes', (chunkBytes) => {
    const tar = Buffer.concat([
      file,
      tarEntry({ name: 'dir/', type: '5' }, ''),
      tarEntry({ name: 'two' }, 'b'.repeat(600)),
    ]);
    expect(entriesOf(tar, chunkBytes).map(({ name, content }) => [name, content.length])).toEqual([
      ['file', 7],
      ['dir/', 0],
      ['two', 600],
    ]);
  });

  it('has names from pax, from GNU long names and from the prefix', () => {
    const pax = tarEntry({ name: 'pax', type: 'x' }, '27 path=a/very/long/name\u00e9\n');
    const empty = tarEntry({ name: 'pax', type: 'x' }, '');
    const long = longName('long/name');
    const prefixed = withBytes(file, 345, 'some/prefix');
    expect(namesOf(Buffer.concat([pax, file, empty, file, long, file, prefixed]))).toEqual([
      'a/very/long/nameé',
      'file',
      'long/name',
      'some/prefix/file',
    ]);
  });

  it('has link targets from pax, and passes over global headers', () => {
    const global = withBytes(tarEntry({ name: 'pax', type: 'x' }, '15 path=global\n'), 156, 'g');
    const pax = tarEntry({ name: 'pax', type: 'x' }, '19 linkpath=target\n');
    expect(entriesOf(Buffer.concat([global, pax, withBytes(file, 156, '0')]))[0]).toMatchObject({
      name: 'file',
      linkName: 'target',
    });
  });

  it('ends at its second zero block; one is passed over', () => {
    const zeros = Buffer.alloc(512);
    expect(namesOf(Buffer.concat([file, zeros, file, zeros, zeros]))).toEqual(['file', 'file', 'END']);
    expect(() => namesOf(Buffer.concat([file, zeros, zeros, file]))).toThrow('behind the end-of-archive mark');
  });

  it('may have wrong checksums', () => {
    const tar = withBytes(file, 148, '000000');
    expect(namesOf(tar)).toEqual(['file']);
    expect(parseTarHeader(tar.subarray(0, 512))).toMatchObject({ isChecksumRight: false });
  });

  it.each([
    ['not a tar', Buffer.from('just text')],
    ['not a tar', Buffer.alloc(512, 'x')],
    ['tar damaged', Buffer.concat([file, Buffer.alloc(512, 'x')])],
    ['not octal', withBytes(file, 124, '\x80\0\0\0')],
    ['not octal', withBytes(file, 124, ' 0000000007')],
    ['ends inside an entry', file.subarray(0, 600)],
    ['ends inside an entry', Buffer.concat([file, file.subarray(0, 100)])],
    ['pax header damaged', tarEntry({ name: 'pax', type: 'x' }, '99 path=x\n')],
    ['pax header damaged', tarEntry({ name: 'pax', type: 'x' }, 'path=x\n')],
    ['pax header damaged', tarEntry({ name: 'pax', type: 'x' }, '2 path=x\n')],
    ['pax header damaged', tarEntry({ name: 'pax', type: 'x' }, '9 path=xy')],
    ['pax header damaged', tarEntry({ name: 'pax', type: 'x' }, '9 no sep\n')],
    ['NUL in a name', tarEntry({ name: 'pax', type: 'x' }, '11 path=x\0\n')],
    ['name too long', Buffer.concat([tarEntry({ name: 'pax', type: 'x' }, `4097 path=${'n'.repeat(4086)}\n`), file])],
    ['beside a prefix', Buffer.concat([longName('long'), withBytes(file, 345, 'prefix')])],
    ['with a prefix', withBytes(longName('long'), 345, 'prefix')],
    ['ends inside an entry', longName('long')],
    ['pax header too large', tarEntry({ name: 'pax', type: 'x' }, 'x'.repeat(65_537)).subarray(0, 512)],
  ])('is refused: %s', (words, tar) => {
    expect(() => entriesOf(tar)).toThrow(words);
  });
});

describe('a header that is written', () => {
  it('is read back, its checksum right', () => {
    const header = parseTarHeader(formatTarHeader('APKINDEX', 123_456_789));
    expect(header).toMatchObject({
      name: 'APKINDEX',
      size: 123_456_789,
      type: '0',
      mode: 0o644,
      isChecksumRight: true,
    });
  });

  it('has no room for names over 100 bytes', () => {
    expect(() => formatTarHeader('n'.repeat(101), 1)).toThrow(TypeError);
  });
});
