import { createFreshCalls } from '../../concurrency/shared-calls.ts';
import type { GatewayError } from '../../errors.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { Credentials, ImageStore, Store } from '../../store/store.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import { findFile } from '../index/index-content.ts';
import type { StoredIndexes } from '../index/stored-index.ts';
import type { Look, Scope } from '../live/look.ts';
import type { TakeLook } from '../live/looks.ts';
import type { Sightings } from '../live/sightings.ts';
import { answeredInTime, type AnswerTime } from '../publishing/answer-time.ts';
import type { Burial } from '../publishing/burial.ts';
import type { ImmutableIndexes } from '../publishing/immutable-indexes.ts';
import { refuseSnapshot } from '../publishing/refusals.ts';
import type { PublishLoop } from '../publishing/publish-loop.ts';
import type { Caller } from '../service/caller.ts';
import type { Work } from './work.ts';

export interface WorksDeps extends Pick<Work, 'artifacts' | 'signingKeys' | 'clock' | 'random' | 'log'> {
  readonly storedIndexes: StoredIndexes;
  readonly store: Store;
  readonly look: TakeLook;
  readonly loopOf: (at: RepositoryCoordinates) => PublishLoop;
  readonly burialOf: (image: string) => Burial;
  readonly memoryOf: (image: string) => { readonly sightings: Sightings };
  readonly immutable: ImmutableIndexes;
  readonly callerKey: (credentials: Credentials) => string;
  /** Whether the store shows a caller anything of an image. */
  readonly rights: { authorize(image: string, caller: Caller): Promise<boolean> };
}

export interface WorksOptions {
  /** How long who pushes or deletes waits for the registry at most, in milliseconds. */
  readonly publishTimeoutMs: number;
  /** For how long a push waits until a listing shows its tags, in milliseconds. */
  readonly listingPatienceMs: number;
  /** How long the bytes of what is deleted or withdrawn can be fetched, in milliseconds. */
  readonly deleteGraceMs: number;
}

/** What everybody begins with who changes a repository. */
export interface Works {
  /** The work of one caller, who is answered within that time. */
  on(at: RepositoryCoordinates, caller: Caller, image: ImageStore, time: AnswerTime): Work;
  /** Looks at what is there, for a caller whom the store shows it; `hidden` is what others are told. */
  read<T>(
    at: RepositoryCoordinates,
    caller: Caller,
    hidden: GatewayError,
    work: (work: Work) => Promise<T>,
  ): Promise<T>;
  /** Changes what is there, for a caller whom the store shows it; `hidden` is what others are told. */
  change<T>(
    at: RepositoryCoordinates,
    caller: Caller,
    hidden: GatewayError,
    work: (work: Work) => Promise<T>,
  ): Promise<T>;
  /** Adds to what is there without any upload, for a caller who may push. */
  add<T>(at: RepositoryCoordinates, caller: Caller, work: (work: Work) => Promise<T>): Promise<T>;
}

/** One for each service: those who look at the same time with the same rights share a look. */
export function createWorks(deps: WorksDeps, options: WorksOptions): Works {
  const { store, immutable, clock } = deps;
  const { publishTimeoutMs, listingPatienceMs, deleteGraceMs } = options;
  const shareLook = createFreshCalls<Look>();

  /** Ends by itself, as no one caller's signal may end it. */
  const lookForMany = (image: ImageStore, at: RepositoryCoordinates, scope: Scope, knownMs?: number) =>
    answeredInTime(clock, publishTimeoutMs, at, (time) =>
      deps.look(image, at, scope, { ...time.call(), knownMs, isEager: true }),
    );

  const on: Works['on'] = (at, caller, image, time) => {
    const look = (scope: Scope, knownMs?: number) => {
      const key = JSON.stringify([deps.callerKey(caller.credentials), at, scope, knownMs]);
      return time.until(shareLook(key, () => lookForMany(image, at, scope, knownMs)));
    };
    const isUnlisted = async ({ architecture, fileName }: PackageRecord) => {
      const keys = await deps.signingKeys.ofImage(image, time.call());
      const index = deps.storedIndexes.last({ ...at, architecture }, keys)?.stored.content;
      return index !== undefined && findFile(index, fileName) === undefined;
    };
    const { sightings } = deps.memoryOf(at.image);
    const stamp = () => store.stamp();
    return {
      ...{ ...deps, at, caller, image, time, look, isUnlisted, sightings, stamp, listingPatienceMs, deleteGraceMs },
      loop: deps.loopOf(at),
      burial: deps.burialOf(at.image),
    };
  };

  const read: Works['read'] = async (at, caller, hidden, work) => {
    refuseSnapshot(at);
    return await answeredInTime(clock, publishTimeoutMs, at, async (time) => {
      // What a look asks of the store follows from what others have read: who may not read must not see that.
      if (!(await time.until(deps.rights.authorize(at.image, caller)))) throw hidden;
      return await work(on(at, caller, store.image(at.image, caller.credentials, caller.requestId), time));
    });
  };

  const change: Works['change'] = (at, caller, hidden, work) =>
    read(at, caller, hidden, (begun) => {
      const look = async (scope: Scope) => {
        const seen = await begun.look(scope);
        immutable.refuse(at.image);
        return seen;
      };
      return work({ ...begun, look });
    });

  const add: Works['add'] = async (at, caller, work) => {
    refuseSnapshot(at);
    return await answeredInTime(clock, publishTimeoutMs, at, async (time) => {
      const image = store.image(at.image, caller.credentials, caller.requestId);
      // Asks for the right to push, before anything is told of what is there.
      await (await image.startUpload(time.call())).cancel();
      immutable.refuse(at.image);
      return await work(on(at, caller, image, time));
    });
  };

  return { on, read, change, add };
}
