import type { Group } from '../../protocol/coordinates.ts';
import type { WithdrawnListing } from '../service/lifecycle.ts';
import type { RepositoryCatalog } from '../service/catalog.ts';
import type { FindIndex } from '../views/answering-index.ts';
import { createImageList, type ImageListDeps } from './image-list.ts';
import type { IndexView } from '../views/index-view.ts';
import { allFiles, listed, listedRepository, ownFiles } from './listed-files.ts';
import { createWithdrawnListing, type WithdrawnListingDeps } from './withdrawn.ts';

export interface ListingDeps extends ImageListDeps, WithdrawnListingDeps {
  readonly findIndex: FindIndex;
}

/** What there is, read from the same views that go out as indexes. */
export function createListing(deps: ListingDeps): RepositoryCatalog & WithdrawnListing {
  const { findIndex, readerOf, viewsWithin } = deps;

  return {
    async listIndex(at, architecture, caller) {
      const found = await findIndex(readerOf(at.image, caller), { ...at, architecture });
      return found && { etag: found.served.view.etag, packages: () => allFiles(found.group, found.served.view) };
    },

    async list(within, caller, call = {}) {
      const seen = await viewsWithin(within, caller, call);
      return seen.flatMap(({ group, view }) => ownFiles(group, view).map((file) => listed(group, file)));
    },

    async repositories(image, caller, call = {}) {
      const byRepository = new Map<string, { group: Group; view: IndexView }[]>();
      for (const one of await viewsWithin({ image }, caller, call)) {
        const key = JSON.stringify([one.group.branch, one.group.repository]);
        byRepository.set(key, [...(byRepository.get(key) ?? []), one]);
      }
      return [...byRepository.values()].map(listedRepository);
    },

    images: createImageList(deps),

    ...createWithdrawnListing(deps),
  };
}
