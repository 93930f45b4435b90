import { expect, it } from 'vitest';
import { createGroups } from '../../../../src/repository/live/groups.ts';
import { indexTag } from '../../../../src/repository/artifacts/package-tag.ts';
import { formatManifest, emptyConfig } from '../../../../src/oci/manifest.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import type { Group } from '../../../../src/protocol/coordinates.ts';
import type { ImageStore } from '../../../../src/store/store.ts';
import { lease } from '../../../../src/time/lease.ts';
import { aClock, aGroup } from '../../../support/a-repository.ts';

it('a repository whose manifest came garbled once is found again some minutes later', async () => {
  const clock = aClock();
  const group = aGroup('mips64');
  const garbage = Buffer.from('no manifest');
  const good = anIndexManifest(group);
  let bytes: Uint8Array = garbage;
  const image = anImage(() => bytes);
  const groups = createGroups(clock, { concurrency: 1 });
  const listing = [indexTag(group)];
  expect(await groups.all(image, listing)).toEqual([]);
  bytes = good;
  expect(await groups.all(image, listing)).toEqual([]);
  clock.pass(lease.memoryMs);
  expect(await groups.all(image, listing)).toEqual([
    { branch: group.branch, repository: group.repository, architecture: group.architecture },
  ]);
});

it('a repository whose index tag looks like a tombstone is found', async () => {
  const group = { ...aGroup('mips64'), branch: 'edge', repository: 'd' };
  const groups = createGroups(aClock(), { concurrency: 1 });
  const found = await groups.all(
    anImage(() => anIndexManifest(group)),
    [indexTag(group)],
  );
  expect(found).toEqual([{ branch: 'edge', repository: 'd', architecture: 'mips64' }]);
});

function anIndexManifest(group: Group): Uint8Array {
  const annotations = {
    'org.opencontainers.image.created': new Date(0).toISOString(),
    'lkard.apk.branch': group.branch,
    'lkard.apk.repository': group.repository,
    'lkard.apk.architecture': group.architecture,
    'lkard.apk.index.head': '',
    'lkard.apk.index.tail': '',
  };
  return formatManifest({ config: emptyConfig(), layers: [emptyConfig()], annotations });
}

function anImage(bytesNow: () => Uint8Array): ImageStore {
  const fetchManifest: ImageStore['fetchManifest'] = () => {
    const bytes = bytesNow();
    return Promise.resolve({ digest: digestOf(bytes), mediaType: 'application/vnd.oci.image.manifest.v1+json', bytes });
  };
  return { image: 'team/app', fetchManifest } as ImageStore;
}
