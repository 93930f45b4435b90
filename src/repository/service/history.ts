import type { Digest } from '../../oci/digest.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { historyEvents } from '../../protocol/lifecycle.ts';
import type { Caller } from './caller.ts';

/** Something that happened to a package. */
export interface HistoryEvent {
  readonly event: (typeof historyEvents)[number];
  readonly at: Date;
  /** Undefined where nobody said who they are, or it isn't known any more. */
  readonly by?: string | undefined;
  readonly architecture: string;
  readonly fileName: string;
  readonly name: string;
  readonly version: string;
  readonly digest?: Digest | undefined;
  /** Why, as people said it. */
  readonly reason?: string | undefined;
  /** `<image>/<branch>/<repository>` of a package that was promoted. */
  readonly from?: string | undefined;
}

/** What happened in a repository, as far as the registry remembers. */
export interface History {
  /** The latest first. */
  readonly events: readonly HistoryEvent[];
  /** What was deleted since then is told, unless there is too much of it; what is listed, and what is withdrawn, whenever it was. */
  readonly deletionsSince: Date;
  /** False where more was deleted than is told. */
  readonly isComplete: boolean;
  /** What to ask for those before them; undefined where these are the last. */
  readonly next: HistoryPlace | undefined;
}

/** A place in a history: what was before a moment, but for the first so many of that. */
export interface HistoryPlace {
  readonly before: Date;
  readonly skip: number;
}

/** Who did what, and when. */
export interface RepositoryHistory {
  /** At most `limit` events, the latest of those from a place on. REPOSITORY_UNKNOWN where the caller is shown nothing. */
  history(
    at: RepositoryCoordinates,
    caller: Caller,
    options: { readonly limit: number; readonly before?: Date | undefined; readonly skip?: number | undefined },
  ): Promise<History>;
}
