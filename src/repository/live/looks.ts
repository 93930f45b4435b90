import type { Clock, Log, Meter } from '../../ports.ts';
import type { ImageStore } from '../../store/store.ts';
import type { Group, RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { MonotonicMs } from '../../time/monotonic.ts';
import { look, type Look, type LookDeps, type Scope } from './look.ts';
import type { LookOptions } from './read-then-list.ts';
import { createReadingProgress } from './reading-progress.ts';

/** Takes a look at a repository with one caller's rights, and remembers what it has seen. */
export type TakeLook = (
  image: ImageStore,
  at: RepositoryCoordinates,
  scope: Scope,
  call?: LookOptions,
) => Promise<Look>;

export interface LooksDeps extends Pick<LookDeps, 'signingKeys' | 'storedIndexes'> {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter?: Meter | undefined;
  readonly memoryOf: (image: string) => Pick<LookDeps, 'groups' | 'sightings' | 'makeContent'>;
}

/** What one look may cost at most. */
export interface LooksOptions {
  /** Tags that it asks for by name although an index or a listing knows them. */
  readonly maxQuestions: number;
  /** Its requests at a time. */
  readonly concurrency: number;
}

export function createLooks(deps: LooksDeps, { maxQuestions, concurrency }: LooksOptions): TakeLook {
  const { signingKeys, storedIndexes } = deps;
  return (image, at, scope, call) => {
    const { groups, sightings, makeContent } = deps.memoryOf(at.image);
    const beginProgress = createReadingProgress(deps, {
      image: at.image,
      branch: at.branch,
      repository: at.repository,
    });
    const questions = { max: maxQuestions, concurrency, beginProgress };
    return look(
      { signingKeys, storedIndexes, groups, sightings, makeContent, clock: deps.clock },
      image,
      at,
      scope,
      questions,
      call,
    );
  };
}

/** The same, and shows readers what it has shown. */
export function offeringLooks(
  take: TakeLook,
  {
    clock,
    readers,
  }: Pick<LooksDeps, 'clock'> & {
    /** They are shown what a look, begun at that moment, has shown of a group: what was known to it is as old as that. */
    readonly readers: { offer(group: Group, seen: Look, beganMs: MonotonicMs): void };
  },
): TakeLook {
  return async (image, at, scope, call) => {
    const beganMs = (clock.monotonicMs() - (call?.knownMs ?? 0)) as MonotonicMs;
    const seen = await take(image, at, scope, call);
    for (const architecture of seen.architectures) readers.offer({ ...at, architecture }, seen, beganMs);
    return seen;
  };
}
