import { inParallel } from '../../concurrency/in-parallel.ts';
import { snapshotIn, type Group, type RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { CallOptions } from '../../store/store.ts';
import type { Groups } from '../live/groups.ts';
import type { Caller } from '../service/caller.ts';
import type { RepositoryCatalog } from '../service/catalog.ts';
import type { IndexView } from '../views/index-view.ts';
import type { IndexViews } from '../views/index-views.ts';
import type { Reader } from '../views/reader-rights.ts';

export interface ViewsWithinDeps {
  readonly views: IndexViews;
  readonly readerOf: (image: string, caller: Caller) => Reader;
  readonly memoryOf: (image: string) => { readonly groups: Groups };
  /** Where a snapshot stands in the branch's place. */
  readonly snapshots: { groupsOf(reader: Reader, at: RepositoryCoordinates): Promise<readonly Group[]> };
}

type Within = Parameters<RepositoryCatalog['list']>[0];

/** The indexes of an image, or of a part of it, as a caller may see them. */
export type ViewsWithin = (
  within: Within,
  caller: Caller,
  call: CallOptions,
) => Promise<readonly { readonly group: Group; readonly view: IndexView }[]>;

/** Groups of an image that are read at a time. */
const groupConcurrency = 4;

export function createViewsWithin(deps: ViewsWithinDeps): ViewsWithin {
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

  return async (within, caller, call) => {
    const reader = deps.readerOf(within.image, caller);
    const groups = await groupsOf(reader, within, call);
    const seen = await inParallel(groups, groupConcurrency, async (group) => {
      const found = await deps.views.serve(reader, group);
      return found === undefined ? undefined : { group, view: found.view };
    });
    return seen.filter((one) => one !== undefined);
  };
}
