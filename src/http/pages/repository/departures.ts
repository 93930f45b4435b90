import { isGatewayError } from '../../../errors.ts';
import { oncePerObject } from '../../../concurrency/once-per-object.ts';
import type { PackageCatalog } from '../../../repository/catalog/package-catalog.ts';
import type { HistoryEvent, RepositoryHistory } from '../../../repository/service/history.ts';
import type { PageRequest } from '../frame/page-context.tsx';
import type { OpenedRepository } from '../package/opened-repository.ts';

/** What left a repository lately, of all architectures. */
export type FindDepartures = (
  opened: Pick<OpenedRepository, 'place' | 'catalog' | 'repositories'>,
  request: Pick<PageRequest, 'caller'>,
) => Promise<readonly HistoryEvent[]>;

const maxEvents = 10_000;

/**
 * Asks once for each version of an index, since whatever leaves changes that: readers of feeds ask often. Nothing for callers who
 * may read but not list, and where it can't be had now.
 */
export function createDepartures(repositories: RepositoryHistory): FindDepartures {
  const known = oncePerObject<PackageCatalog, { events?: readonly HistoryEvent[] }>(() => ({}));

  return async ({ place, catalog, repositories: listed }, { caller }) => {
    if (listed === undefined) return [];
    const memory = known(catalog);
    if (memory.events !== undefined) return memory.events;
    try {
      const { events } = await repositories.history(place.at, caller, { limit: maxEvents });
      memory.events = events.filter(({ event }) => event === 'deleted' || event === 'withdrawn');
      return memory.events;
    } catch (error) {
      if (!isGatewayError(error)) throw error;
      return [];
    }
  };
}
