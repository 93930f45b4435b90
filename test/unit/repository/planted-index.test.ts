import { deflateRawSync, deflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { signatureMember } from '../../../src/apk/index/signature-member.ts';
import { emptyConfig, formatManifest } from '../../../src/oci/manifest.ts';
import { parseRun, partOf } from '../../../src/repository/index/index-run.ts';
import { createStoredIndexes } from '../../../src/repository/index/stored-index.ts';
import type { ImageStore } from '../../../src/store/store.ts';
import { aClock, aGroup, aSigningKey } from '../../support/a-repository.ts';
import { aLog } from '../../support/signing-keys.ts';

/** Unpacks to so many bytes of records that are all empty, which is a run that can be read. */
const bomb = (size: number) => [deflateRawSync(Buffer.alloc(size, '\n')), deflateSync('')];

const strange = { algorithm: 'RSA256', keyName: 'strange.rsa.pub', bytes: Buffer.alloc(256) } as const;

/** An index whose manifest holds so many of them itself. */
function planted(count: number, size: number) {
  const texts = bomb(size).map((bytes) => bytes.toString('base64'));
  const annotations = {
    'org.opencontainers.image.created': new Date(0).toISOString(),
    'lkard.apk.branch': aGroup().branch,
    'lkard.apk.repository': aGroup().repository,
    'lkard.apk.architecture': aGroup().architecture,
    'lkard.apk.index.head': signatureMember([strange]).toString('base64'),
    'lkard.apk.index.tail': '',
    'lkard.apk.index.runs': Array.from({ length: count }, (_, at) => [at, ...texts].join(':')).join(' '),
  };
  return formatManifest({ config: emptyConfig(), layers: [emptyConfig()], annotations });
}

it.each([
  ['of 60 runs is compared', { size: 1000, isRead: true }],
  ['of 60 runs that unpack to 32 MiB each is none, and keeps nobody waiting', { size: 2 ** 25 - 1, isRead: false }],
])('a planted index %s', async (_what, { size, isRead }) => {
  const bytes = planted(60, size);
  const digest = `sha256:${'0'.repeat(64)}` as const;
  const image = {
    image: 'team/app',
    fetchManifest: () => Promise.resolve({ digest, mediaType: '', bytes }),
  } as unknown as ImageStore;
  const indexes = createStoredIndexes({
    ...{ maxBytes: 2 ** 20, concurrency: 4, clock: aClock(), onReplaced() {} },
    log: aLog(),
  });
  const stored = await indexes.read(image, aGroup(), [aSigningKey()]);
  const began = process.cpuUsage();
  const claimed = stored?.claimed();
  expect([stored?.content, claimed !== undefined]).toEqual([undefined, isRead]);
  // Each takes 100 ms at least.
  expect(process.cpuUsage(began).user / 1000).toBeLessThan(8000);
});

it('a run of so many small records that they would fill the memory is none, before any is parsed', () => {
  const identity = (i: number) => `Q1${Buffer.from(String(i).padStart(20, '0')).toString('base64')}`;
  const records = (count: number) =>
    Array.from({ length: count }, (_, i) => `C:${identity(i)}\nP:a\nV:${i}\nA:x86_64\nS:1\nI:1\n\n`).join('');
  const detailsOf = (count: number) =>
    Array.from({ length: count }, () => JSON.stringify(['0'.repeat(64), ['0'.repeat(13)], '', ''])).join('\n');
  const parse = (count: number, told: number) =>
    parseRun(aGroup(), partOf(deflateRawSync(records(count))), partOf(deflateSync(detailsOf(told))), 'v2', 100);
  expect(parse(100, 100).files).toHaveLength(100);
  for (const [count, told] of [
    [101, 101],
    [101, 1],
    [1, 102],
  ] as const)
    expect(() => parse(count, told)).toThrow('more than 100 records');
});
