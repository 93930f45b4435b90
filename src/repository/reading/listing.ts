import { inParallel } from '../../concurrency/in-parallel.ts';
import { snapshotIn, type Group, type RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { CallOptions } from '../../store/store.ts';
import type { Groups } from '../live/groups.ts';
import type { Caller } from '../service/caller.ts';
import type { WithdrawnListing } from '../service/lifecycle.ts';
import type { RepositoryCatalog } from '../service/catalog.ts';
import type { FindIndex } from '../views/answering-index.ts';
import { createImageList, type ImageListDeps } from './image-list.ts';
import type { IndexView } from '../views/index-view.ts';
import type { IndexViews } from '../views/index-views.ts';
import { allFiles, listed, listedRepository, ownFiles } from './listed-files.ts';
import { createWithdrawnListing } from './withdrawn.ts';
import type { Reader } from '../views/reader-rights.ts';

export interface ListingDeps extends ImageListDeps {
  readonly views: IndexViews;
  readonly findIndex: FindIndex;
  readonly memoryOf: (image: string) => { readonly groups: Groups };
  /** Where a snapshot stands in the branch's place. */
  readonly snapshots: { groupsOf(reader: Reader, at: RepositoryCoordinates): Promise<readonly Group[]> };
}

type Within = Parameters<RepositoryCatalog['list']>[0];

/** Groups of an image that are read at a time for a listing. */
const groupConcurrency = 4;

/** What there is, read from the same views that go out as indexes. */
export function createListing(deps: ListingDeps): RepositoryCatalog & WithdrawnListing {
  const { views, findIndex, readerOf } = deps;

  const groupsOf = async (reader: Reader, within: Within, call: CallOptions): Promise<readonly Group[]> => {
    const { image, branch = '', repository } = within;
    if (snapshotIn(branch) !== undefined) {
      return repository === undefined ? [] : await deps.snapshots.groupsOf(reader, { image, branch, repository });
    }
    const groups = await deps.memoryOf(image).groups.all(reader.image, await reader.image.tags(call), call);
    return groups
      .filter(({ branch }) => within.branch === undefined || branch === within.branch)
      .filter(({ repository }) => within.repository === undefined || repository === within.repository)
      .map((group) => ({ ...group, image }));
  };

  const viewsWithin = async (within: Within, caller: Caller, call: CallOptions) => {
    const reader = readerOf(within.image, caller);
    const groups = await groupsOf(reader, within, call);
    const seen = await inParallel(groups, groupConcurrency, async (group) => {
      const found = await views.serve(reader, group);
      return found === undefined ? undefined : { group, view: found.view };
    });
    return seen.filter((one) => one !== undefined);
  };

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

    ...createWithdrawnListing(async (at, caller, call = {}) => ({
      reader: readerOf(at.image, caller),
      indexes: await viewsWithin(at, caller, call),
    })),
  };
}
