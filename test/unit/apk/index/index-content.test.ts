import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { contentHead, contentTail, deflateRun } from '../../../../src/apk/index/index-content.ts';
import { readIndexFile } from '../../../../src/apk/index/index-file.ts';
import { readFixture } from '../fixtures.ts';

const { text, entries } = readIndexFile(readFixture('indexes/good-by-apk3-index.tar.gz'));
const records = text.split(/(?<=\n\n)/);

function contentOf(description: string, texts: readonly string[]): Buffer {
  const runs = texts.map((records) => deflateRun(records));
  const length = runs.reduce((sum, run) => sum + run.length, 0);
  const head = contentHead(description, length);
  return Buffer.concat([head.bytes, ...runs.map((run) => run.bytes), contentTail([head, ...runs])]);
}

describe('the content of an index, written in parts', () => {
  it.each([
    ['no runs', []],
    ['one empty run', ['']],
    ['one run', [text]],
    ['a run for each record', records],
  ])('is one gzip member with %s', (_, texts) => {
    const index = readIndexFile(contentOf('main/community', texts), { mayBeUnsigned: true });
    expect(index.text).toBe(texts.join(''));
    expect(index.description).toBe('main/community');
  });

  it('is a whole tar with an end mark', () => {
    const tar = gunzipSync(contentOf('', records));
    expect(tar.length % 512).toBe(0);
    expect(tar.subarray(-1024).every((byte) => byte === 0)).toBe(true);
    expect(entries).toHaveLength(records.length);
  });

  it('keeps the bytes of a run whatever stands beside it', () => {
    const run = Buffer.from(deflateRun(records[1]!).bytes);
    expect(contentOf('a', records).includes(run)).toBe(true);
    expect(contentOf('b', [records[0]!, records[1]!]).includes(run)).toBe(true);
    expect(run.subarray(-4).toString('hex')).toBe('0000ffff');
  });

  it('depends on its input alone', () => {
    expect(contentOf('a', records)).toEqual(contentOf('a', records));
    expect(contentOf('a', []).subarray(0, 10).toString('hex')).toBe('1f8b0800000000000003');
  });
});
