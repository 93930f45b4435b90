import type { RepositoryCatalog } from './catalog.ts';
import type { RepositoryHistory } from './history.ts';
import type { RepositoryLifecycle, WithdrawnListing } from './lifecycle.ts';
import type { RepositoryPromoting } from './promoting.ts';
import type { RepositoryPublishing } from './publishing.ts';
import type { RepositoryReading } from './reading.ts';
import type { RepositoryRetention } from './retention.ts';
import type { RepositorySnapshots } from './snapshots.ts';
import type { RepositoryUpkeep } from './upkeep.ts';

/**
 * The service that every edge calls. Besides what each method names, all throw the store's faults; UNAUTHORIZED and
 * FORBIDDEN mean this caller, always asked of the store with this caller's credentials.
 */
export interface Repositories
  extends
    RepositoryPublishing,
    RepositoryLifecycle,
    RepositoryPromoting,
    RepositoryRetention,
    RepositoryHistory,
    WithdrawnListing,
    RepositoryReading,
    RepositoryCatalog,
    RepositorySnapshots,
    Pick<RepositoryUpkeep, 'status'> {}
