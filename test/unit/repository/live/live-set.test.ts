import { expect, it } from 'vitest';
import { formatPackageManifest } from '../../../../src/repository/artifacts/package-manifest.ts';
import { groupHash, newPackageTag } from '../../../../src/repository/artifacts/package-tag.ts';
import { judgeLiveSet } from '../../../../src/repository/live/live-set.ts';
import { createSightings } from '../../../../src/repository/live/sightings.ts';
import type { ImageStore } from '../../../../src/store/store.ts';
import { lease } from '../../../../src/time/lease.ts';
import { stampOf } from '../../../../src/time/stamps.ts';
import { aClock, aGroup, aRecord, someRandom } from '../../../support/a-repository.ts';

it('a look that takes minutes lists nothing that others have proven to be gone meanwhile', async () => {
  const clock = aClock();
  const sightings = createSightings(clock);
  const [first, second] = ['one', 'two'].map((name) => {
    const pkg = aRecord({ name });
    const names = { fileName: pkg.fileName, identity: pkg.entry.identity };
    return { pkg, tag: newPackageTag(aGroup(), names, stampOf(clock.now()), someRandom()) };
  }) as [{ tag: string; pkg: ReturnType<typeof aRecord> }, { tag: string; pkg: ReturnType<typeof aRecord> }];
  const image = {
    image: 'team/app',
    fetchManifest: (tag: string) => {
      expect(tag).toBe(first.tag);
      sightings.found(second.tag, second.pkg);
      sightings.missed(second.tag);
      clock.pass(lease.absenceApartMs);
      expect(sightings.missed(second.tag)).toBe(true);
      const bytes = formatPackageManifest(aGroup(), first.tag, first.pkg, { artifactType: true });
      return Promise.resolve({ bytes, digest: 'sha256:x' });
    },
  } as unknown as ImageStore;
  const witnesses = { indexed: [], listing: [first.tag, second.tag], sightings };
  const live = await judgeLiveSet(image, new Set([groupHash(aGroup())]), witnesses, { max: 64, concurrency: 1 });
  expect([live.has(first.tag), live.has(second.tag)]).toEqual([true, false]);
});
