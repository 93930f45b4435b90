import { expect, it } from 'vitest';
import { createGroups } from '../../../../src/repository/live/groups.ts';
import { indexTag } from '../../../../src/repository/artifacts/package-tag.ts';
import { formatManifest, emptyConfig } from '../../../../src/oci/manifest.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import type { ImageStore } from '../../../../src/store/store.ts';
import { lease } from '../../../../src/time/lease.ts';
import { aClock, aGroup } from '../../../support/a-repository.ts';

it('a repository whose manifest came garbled once is found again some minutes later', async () => {
  const clock = aClock();
  const group = aGroup('mips64');
  const garbage = Buffer.from('no manifest');
  const annotations = {
    'org.opencontainers.image.created': new Date(0).toISOString(),
    'lkard.apk.branch': group.branch,
    'lkard.apk.repository': group.repository,
    'lkard.apk.architecture': group.architecture,
    'lkard.apk.index.head': '',
    'lkard.apk.index.tail': '',
  };
  const good = formatManifest({ config: emptyConfig(), layers: [emptyConfig()], annotations });
  let bytes: Uint8Array = garbage;
  const fetchManifest: ImageStore['fetchManifest'] = () =>
    Promise.resolve({ digest: digestOf(bytes), mediaType: 'application/vnd.oci.image.manifest.v1+json', bytes });
  const image = { image: group.image, fetchManifest } as ImageStore;
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
