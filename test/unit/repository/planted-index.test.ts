import { deflateRawSync, deflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { signatureMember } from '../../../src/apk/index/signature-member.ts';
import { emptyConfig, formatManifest } from '../../../src/oci/manifest.ts';
import { createStoredIndexes } from '../../../src/repository/index/stored-index.ts';
import type { ImageStore } from '../../../src/store/store.ts';
import { aClock, aGroup, aSigningKey } from '../../support/a-repository.ts';
import { aLog } from '../../support/signing-keys.ts';

/** Unpacks to 32 MiB of records that are all empty, which is a run that can be read. */
const bomb = [deflateRawSync(Buffer.alloc(32 * 2 ** 20 - 1, '\n')), deflateSync('')];

const strange = { algorithm: 'RSA256', keyName: 'strange.rsa.pub', bytes: Buffer.alloc(256) } as const;

/** An index whose manifest holds so many of them itself. */
function planted(count: number) {
  const texts = bomb.map((bytes) => bytes.toString('base64'));
  const annotations = {
    'org.opencontainers.image.created': new Date(0).toISOString(),
    'lkard.apk.index.head': signatureMember([strange]).toString('base64'),
    'lkard.apk.index.tail': '',
    'lkard.apk.index.runs': Array.from({ length: count }, (_, at) => [at, ...texts].join(':')).join(' '),
  };
  return formatManifest({ config: emptyConfig(), layers: [emptyConfig()], annotations });
}

it.each([
  ['of four runs that unpack to 32 MiB each is compared', { count: 4, isRead: true }],
  ['of 60 such runs is none, and keeps nobody waiting', { count: 60, isRead: false }],
])('a planted index %s', async (_what, { count, isRead }) => {
  const bytes = planted(count);
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
