import type { RepositoryCoordinates } from '../../../protocol/coordinates.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import type { WithdrawnPackage } from '../../../repository/service/lifecycle.ts';
import type { Repositories } from '../../../repository/service/repositories.ts';
import type { ListedSnapshot } from '../../../repository/service/snapshots.ts';
import type { PageRequest } from '../frame/page-context.tsx';

/** Something that happened to a repository. */
export interface PastEvent {
  readonly at: Date;
  readonly what: 'published' | 'promoted' | 'restored' | 'withdrawn' | 'snapshot';
  readonly who?: string | undefined;
  /** A package, its version and architecture; or a snapshot's name. */
  readonly subject: string;
  readonly version?: string | undefined;
  readonly architecture?: string | undefined;
  /** Where it came from, or why it left. */
  readonly note?: string | undefined;
  /** Whether the subject is there to be looked at. */
  readonly isThere: boolean;
}

type TimelineSources = Pick<Repositories, 'list' | 'listWithdrawn' | 'listSnapshots'>;

/** What happened to a repository as far as the registry shows it, the latest first. */
export async function timelineOf(
  repositories: TimelineSources,
  at: RepositoryCoordinates,
  { caller, signal }: Pick<PageRequest, 'caller' | 'signal'>,
): Promise<readonly PastEvent[]> {
  const [listed, withdrawn, snapshots] = await Promise.all([
    repositories.list(at, caller, { signal }),
    repositories.listWithdrawn(at, caller, { signal }),
    repositories.listSnapshots(at, caller, { signal }),
  ]);
  const events = [...listed.map(arrivalOf), ...withdrawn.flatMap(withdrawalOf), ...snapshots.map(snapshotOf)];
  return events.toSorted((a, b) => b.at.getTime() - a.at.getTime());
}

/** How a package that is listed came there. */
export function arrivalOf({ entry, architecture, pushedAt, pushedBy, provenance }: ListedPackage): PastEvent {
  const { name, version } = entry;
  const arrival = { at: pushedAt, subject: name, version, architecture, isThere: true };
  const { restoredBy, promotedFrom, promotedBy } = provenance ?? {};
  if (restoredBy !== undefined) return { ...arrival, what: 'restored', who: restoredBy || undefined };
  if (promotedFrom !== undefined)
    return { ...arrival, what: 'promoted', who: promotedBy, note: `from ${promotedFrom}` };
  return { ...arrival, what: 'published', who: pushedBy };
}

/** A withdrawn package came and went. */
function withdrawalOf(pkg: WithdrawnPackage): readonly PastEvent[] {
  const { name, version, architecture, pushedAt, pushedBy, withdrawnAt, withdrawnBy, reason } = pkg;
  const gone = { subject: name, version, architecture, isThere: false };
  return [
    { ...gone, at: withdrawnAt, what: 'withdrawn', who: withdrawnBy, note: reason },
    { ...gone, at: pushedAt, what: 'published', who: pushedBy },
  ];
}

function snapshotOf({ name, createdAt, createdBy }: ListedSnapshot): PastEvent {
  return { at: createdAt, what: 'snapshot', who: createdBy, subject: name, isThere: true };
}
