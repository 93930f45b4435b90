import { expect, it } from 'vitest';
import { hashOfName, hashOfRepository, recordTag } from '../../../../src/repository/artifacts/snapshot-tag.ts';
import { parseSnapshotRecord } from '../../../../src/repository/snapshots/snapshot-record.ts';
import { createSnapshotRecords } from '../../../../src/repository/snapshots/snapshot-records.ts';
import { indexDetailsType, indexPartType } from '../../../../src/repository/index/index-manifest.ts';
import { emptyConfig, emptyConfigType, formatManifest } from '../../../../src/oci/manifest.ts';
import type { ImageStore } from '../../../../src/store/store.ts';

const digest = `sha256:${'0'.repeat(64)}` as const;

/** Each has 40 runs. */
const someArchitectures = (count: number) => Array.from({ length: count }, (_, i) => `arch${i}`);

/** A snapshot of some architectures under a name, as somebody may plant it. */
function aRecord(name: string, architectures: readonly string[]) {
  const place = { branch: 'edge', repository: 'main', name };
  const tag = recordTag(place, `${hashOfRepository(place)}${hashOfName(place)}0000000000000`);
  const layersOf = (architecture: string) => {
    const annotations = { 'lkard.apk.architecture': architecture };
    const run = [indexPartType, indexDetailsType].map((mediaType) => ({ mediaType, digest, size: 1, annotations }));
    return Array.from({ length: 40 }, () => run).flat();
  };
  const bytes = formatManifest({
    config: emptyConfig(emptyConfigType),
    layers: [...new Set(architectures)].flatMap(layersOf),
    annotations: {
      'org.opencontainers.image.created': new Date(0).toISOString(),
      'lkard.apk.tag': tag,
      'lkard.apk.branch': place.branch,
      'lkard.apk.repository': place.repository,
      'lkard.apk.snapshot': name,
      'lkard.apk.architectures': architectures.join(' '),
    },
  });
  return { place, tag, bytes };
}

it.each([
  ['is read once', { architectures: 1, reads: 1 }],
  ['is read again where others have filled the memory that there is for them', { architectures: 40, reads: 2 }],
])('the record of a snapshot %s', async (_name, { architectures, reads }) => {
  const planted = Array.from({ length: 40 }, (_, i) => aRecord(`s${i}`, someArchitectures(architectures)));
  const fetched: string[] = [];
  const fetchManifest = (tag: string) => {
    fetched.push(tag);
    return Promise.resolve({ digest, mediaType: '', bytes: planted.find((one) => one.tag === tag)!.bytes });
  };
  const image = { image: 'team/app', fetchManifest } as unknown as ImageStore;
  const records = createSnapshotRecords();
  const listing = planted.map(({ tag }) => tag);
  for (const { place } of [...planted, planted[0]!]) {
    expect(await records.listed(image, place, listing)).toMatchObject({ name: place.name });
  }
  expect(fetched.filter((tag) => tag === planted[0]!.tag)).toHaveLength(reads);
});

it('a planted record that names an architecture half a million times keeps nobody waiting', () => {
  const architectures = [...someArchitectures(50), ...Array.from({ length: 500_000 }, () => 'arch1')];
  const { tag, bytes } = aRecord('many', architectures);
  const began = process.cpuUsage();
  expect(parseSnapshotRecord(tag, bytes)?.indexes.size).toBe(50);
  expect(process.cpuUsage(began).user / 1000).toBeLessThan(4000);
});

it.each([
  ['as many architectures as anybody has is read', { count: 1000, isRead: true }],
  ['half a million is none', { count: 500_000, isRead: false }],
])('a planted record of %s', (_what, { count, isRead }) => {
  const { tag, bytes } = aRecord('many', someArchitectures(1));
  const manifest = JSON.parse(Buffer.from(bytes).toString()) as { annotations: object };
  Object.assign(manifest.annotations, { 'lkard.apk.architectures': someArchitectures(count).join(' ') });
  const record = parseSnapshotRecord(tag, Buffer.from(JSON.stringify(manifest)));
  expect(record?.indexes.size).toBe(isRead ? count : undefined);
});
