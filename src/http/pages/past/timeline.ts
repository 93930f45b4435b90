import { isGatewayError } from '../../../errors.ts';
import type { RepositoryCoordinates } from '../../../protocol/coordinates.ts';
import type { History, HistoryEvent } from '../../../repository/service/history.ts';
import type { Repositories } from '../../../repository/service/repositories.ts';
import type { ListedSnapshot } from '../../../repository/service/snapshots.ts';
import type { PageRequest } from '../frame/page-context.tsx';

/** Something that happened to a repository. */
export interface PastEvent {
  readonly at: Date;
  readonly what: HistoryEvent['event'] | 'snapshot';
  readonly who?: string | undefined;
  /** A package, its version and architecture; or a snapshot's name. */
  readonly subject: string;
  readonly version?: string | undefined;
  readonly architecture?: string | undefined;
  /** Where it came from, or why it left. */
  readonly note?: string | undefined;
}

/** What happened to a repository as far as the registry shows it. */
export interface Timeline extends Pick<History, 'deletionsSince' | 'isComplete'> {
  /** The latest first. */
  readonly events: readonly PastEvent[];
}

/** Events that are asked for: a page of them for two hundred clicks. */
export const maxEvents = 10_000;

/** What happened to the packages of a repository, and which snapshots were made of it. */
export async function timelineOf(
  repositories: Pick<Repositories, 'history' | 'listSnapshots'>,
  at: RepositoryCoordinates,
  { caller, signal }: Pick<PageRequest, 'caller' | 'signal'>,
): Promise<Timeline> {
  const [history, snapshots] = await Promise.all([
    repositories.history(at, caller, { limit: maxEvents }),
    repositories.listSnapshots(at, caller, { signal }).catch(asNone),
  ]);
  const events = [...history.events.map(pastEventOf), ...snapshots.map(snapshotOf)];
  const isComplete = history.isComplete && history.next === undefined;
  return { ...history, isComplete, events: events.toSorted((a, b) => b.at.getTime() - a.at.getTime()) };
}

function pastEventOf({ event, at, by, name, version, architecture, reason, from }: HistoryEvent): PastEvent {
  const note = from === undefined ? reason : `from ${from}`;
  return { at, what: event, who: by, subject: name, version, architecture, note };
}

function snapshotOf({ name, createdAt, createdBy }: ListedSnapshot): PastEvent {
  return { at: createdAt, what: 'snapshot', who: createdBy, subject: name };
}

/** What can't be had now is missing from the history, not the history. */
function asNone(error: unknown): readonly [] {
  if (!isGatewayError(error)) throw error;
  return [];
}
