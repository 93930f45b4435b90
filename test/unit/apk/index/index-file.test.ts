import { createPublicKey } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  formatIndexText,
  parseIndexText,
  readIndexFile,
  readSignatureMember,
} from '../../../../src/apk/index/index-file.ts';
import { isTrusted } from '../../../../src/apk/signature.ts';
import { GatewayError } from '../../../../src/errors.ts';
import { gzip, tarEntry } from '../../../support/an-apk.ts';
import { fixtures, hasShared, readFixture, sharedFolder, trustedKeys } from '../fixtures.ts';

const keys = trustedKeys();

/** What keeps a client from using it: the reader's code, `untrusted`, or nothing. */
function faultOf(bytes: Uint8Array): string | undefined {
  try {
    const index = readIndexFile(bytes);
    return isTrusted(index.content, index.signatures, keys) ? undefined : 'untrusted';
  } catch (error) {
    return error instanceof GatewayError ? error.code : String(error);
  }
}

describe('indexes made for tests', () => {
  it.each(fixtures('indexes/good-', '.tar.gz'))('takes $path: $what', ({ path }) => {
    const bytes = readFixture(path);
    expect(faultOf(bytes)).toBeUndefined();
    const { entries, content } = readIndexFile(bytes);
    expect(parseIndexText(formatIndexText(entries))).toEqual(entries);
    expect(Buffer.from(content)).toEqual(bytes.subarray(bytes.length - content.length));
  });

  it.each(fixtures('indexes/bad/', '.tar.gz'))('refuses $path: $what', ({ path }) => {
    expect(faultOf(readFixture(path))).toBe(
      /signature-over-all|unknown-key|wrong-/.test(path) ? 'untrusted' : 'INDEX_MALFORMED',
    );
  });

  it('takes an unsigned index only where that is wanted', () => {
    const bytes = readFixture('indexes/bad/unsigned.tar.gz');
    const index = readIndexFile(bytes, { mayBeUnsigned: true });
    expect([index.signatures.length, index.entries.length]).toEqual([0, 2]);
    expect(Buffer.from(index.content)).toEqual(bytes);
  });

  it('inflates no more than it may', () => {
    const bomb = gzip(tarEntry({ name: 'APKINDEX' }, Buffer.alloc(2 ** 22)));
    expect(() => readIndexFile(bomb, { maxContentBytes: 2 ** 20 })).toThrow(GatewayError);
  });

  it.each([1, 9, 100, 690])('refuses an index cut at byte %i', (length) => {
    expect(faultOf(readFixture('indexes/good-rsa256.tar.gz').subarray(0, length))).toBe('INDEX_MALFORMED');
  });

  it('has a signature member that can be read without what follows', () => {
    const bytes = readFixture('indexes/good-two-keys-three-signatures.tar.gz');
    const index = readIndexFile(bytes);
    const { signatures, length } = readSignatureMember(bytes.subarray(0, bytes.length - 100));
    expect(signatures).toEqual(index.signatures);
    expect(length + index.content.length).toBe(bytes.length);
    expect(() => readSignatureMember(index.content)).toThrow(GatewayError);
    expect(() => readSignatureMember(gzip(Buffer.alloc(0)))).toThrow('no signature');
  });

  it('refuses two records of one file', () => {
    const [record = ''] = readIndexFile(readFixture('indexes/good-rsa256.tar.gz')).text.split('\n\n');
    const twin = record.replace(/^C:Q1..../, 'C:Q1AAAA');
    expect(parseIndexText(`${record}\n\n`)).toHaveLength(1);
    expect(() => parseIndexText(`${record}\n\n${twin}\n\n`)).toThrow('two records');
  });
});

describe.skipIf(!hasShared)('indexes of other projects (skipped where LKARD_SHARED_FIXTURES has none)', () => {
  const folder = join(sharedFolder, 'indexes/real');
  const names = hasShared ? readdirSync(folder) : ['any.tar.gz'];
  const theirKeys = new Map(
    names
      .filter((name) => name.endsWith('.pub'))
      .map((name) => [name, createPublicKey(readFixture(`indexes/real/${name}`, sharedFolder))]),
  );

  it.each(names.filter((name) => name.endsWith('.tar.gz')))('reads %s and trusts its signature', (name) => {
    const index = readIndexFile(readFixture(`indexes/real/${name}`, sharedFolder));
    expect(index.entries.length).toBeGreaterThan(0);
    expect(isTrusted(index.content, index.signatures, new Map([...keys, ...theirKeys]))).toBe(true);
  });

  it('gives an excerpt of Alpine back unchanged', () => {
    const text = readFixture('indexes/real/alpine-3.16-excerpt.APKINDEX', sharedFolder).toString('utf8');
    const entries = parseIndexText(text);
    expect(entries).toHaveLength(621);
    expect(formatIndexText(entries)).toBe(text);
  });
});
