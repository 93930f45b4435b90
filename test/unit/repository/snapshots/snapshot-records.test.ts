import { expect, it } from 'vitest';
import { hashOfName, hashOfRepository, recordTag } from '../../../../src/repository/artifacts/snapshot-tag.ts';
import { createSnapshotRecords } from '../../../../src/repository/snapshots/snapshot-records.ts';
import { indexDetailsType, indexPartType } from '../../../../src/repository/index/index-manifest.ts';
import { emptyConfig, emptyConfigType, formatManifest } from '../../../../src/oci/manifest.ts';
import type { ImageStore } from '../../../../src/store/store.ts';

const digest = `sha256:${'0'.repeat(64)}` as const;

/** A snapshot of so many runs under a name, as somebody may plant it. */
function aRecord(name: string, runs: number) {
  const place = { branch: 'edge', repository: 'main', name };
  const tag = recordTag(place, `${hashOfRepository(place)}${hashOfName(place)}0000000000000`);
  const annotations = { 'lkard.apk.architecture': 'x86_64' };
  const layers = Array.from({ length: runs }, () =>
    [indexPartType, indexDetailsType].map((mediaType) => ({ mediaType, digest, size: 1, annotations })),
  );
  const bytes = formatManifest({
    config: emptyConfig(emptyConfigType),
    layers: layers.flat(),
    annotations: {
      'org.opencontainers.image.created': new Date(0).toISOString(),
      'lkard.apk.tag': tag,
      'lkard.apk.branch': place.branch,
      'lkard.apk.repository': place.repository,
      'lkard.apk.snapshot': name,
      'lkard.apk.architectures': 'x86_64',
    },
  });
  return { place, tag, bytes };
}

it.each([
  ['is read once', { runs: 40, reads: 1 }],
  ['is read again where others have filled the memory that there is for them', { runs: 1500, reads: 2 }],
])('the record of a snapshot %s', async (_name, { runs, reads }) => {
  const planted = Array.from({ length: 40 }, (_, i) => aRecord(`s${i}`, runs));
  const fetched: string[] = [];
  const fetchManifest = (tag: string) => {
    fetched.push(tag);
    return Promise.resolve({ digest, mediaType: '', bytes: planted.find((one) => one.tag === tag)!.bytes });
  };
  const image = { image: 'team/app', fetchManifest } as unknown as ImageStore;
  const records = createSnapshotRecords();
  const listing = planted.map(({ tag }) => tag);
  for (const { place } of [...planted, planted[0]!]) {
    expect(await records.find(image, place, listing)).toMatchObject({ name: place.name });
  }
  expect(fetched.filter((tag) => tag === planted[0]!.tag)).toHaveLength(reads);
});
