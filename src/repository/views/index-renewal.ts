import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import { GatewayError, isGatewayError } from '../../errors.ts';
import type { Group } from '../../protocol/coordinates.ts';
import { lease } from '../../time/lease.ts';
import { msSince, type MonotonicClock, type MonotonicMs } from '../../time/monotonic.ts';
import type { Resolved } from '../../store/store.ts';
import type { IndexView } from './index-view.ts';
import type { Reader, ReaderRights } from './reader-rights.ts';
import type { ServedIndex } from './served-index.ts';

/** Makes a view by what this reader may see, null where that is nothing; of the last one it takes over what is the same. */
export type MakeView = (
  reader: Reader,
  group: Group,
  beganMs: MonotonicMs,
  last?: IndexView,
) => Promise<IndexView | null>;

/** Asks for the version of a group's index as a reader: what is there is proof of their right (reader-rights.ts). */
export type ResolveVersion = (reader: Reader, group: Group) => Promise<Resolved | undefined>;

export interface IndexRenewalOptions {
  /** For how long, in ms, a right counts that the store has shown, and that it shows nothing. */
  readonly rightsMs: number;
  readonly heldMs: (group: Group) => number;
  readonly readerKeyOf: (reader: Reader, group: Group) => string;
}

/** Asks the store, for one reader, what the index of a group is by now. */
export interface IndexRenewal {
  /**
   * The index as the store shows it to this reader from now on, compared within `share` of the time for which that holds. One
   * request where nothing has changed. Throws STORE_UNAVAILABLE where the store contradicts what it has just shown.
   */
  bringUpToDate(reader: Reader, group: Group, index: ServedIndex, share: number): Promise<IndexView | undefined>;
  /**
   * Whether the store showed this reader nothing so lately, not before `shownMs`, and has shown nothing since. It is nobody
   * else's answer.
   */
  hadNothing(reader: Reader, group: Group, withinMs: number, shownMs?: number): boolean;
}

export function createIndexRenewal(
  deps: {
    readonly clock: MonotonicClock;
    readonly rights: ReaderRights;
    readonly makeView: MakeView;
    readonly resolveVersion: ResolveVersion;
  },
  { rightsMs, heldMs, readerKeyOf }: IndexRenewalOptions,
): IndexRenewal {
  const { clock, rights, makeView } = deps;
  /** When the looks began that showed a reader nothing. */
  const nothings = createBoundedCache<MonotonicMs>(10_000);

  const hadNothing = (reader: Reader, group: Group, withinMs: number, shownMs = 0) => {
    const since = nothings.get(readerKeyOf(reader, group));
    return since !== undefined && since >= shownMs && msSince(clock, since) < withinMs;
  };

  const compareFor = async (reader: Reader, group: Group, index: ServedIndex, hasVersion: boolean) => {
    const beganMs = clock.monotonicMs();
    const view = await index.compare(() => makeView(reader, group, beganMs, index.last));
    if (view !== undefined) {
      rights.prove(reader, group.image);
      nothings.delete(readerKeyOf(reader, group));
      return view;
    }
    // What the store has just shown this very reader isn't gone because it shows nothing now; but where it goes on to, it is.
    const wasShown = index.last !== undefined && rights.mayRead(reader, group.image, rightsMs);
    if (hasVersion || (wasShown && index.missedForMs < lease.absenceApartMs)) throw contradiction(group);
    if (index.last !== undefined) rights.end(reader, group.image);
    nothings.set(readerKeyOf(reader, group), beganMs);
    return undefined;
  };

  /** Who is refused is asked for as much as somebody who was never shown anything: the work too tells nothing of what is there. */
  const resolve = async (reader: Reader, group: Group) => {
    try {
      return await deps.resolveVersion(reader, group);
    } catch (error) {
      if (isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) nothings.delete(readerKeyOf(reader, group));
      throw error;
    }
  };

  const bringUpToDate: IndexRenewal['bringUpToDate'] = async (reader, group, index, share) => {
    const digest = await index.check(() => resolve(reader, group));
    const hasVersion = digest !== undefined;
    if (!hasVersion && hadNothing(reader, group, heldMs(group))) return undefined;
    await index.accept('known');
    const mayShare = () => rights.mayRead(reader, group.image, rightsMs);
    const current = () => (mayShare() ? index.current(hasVersion, share) : undefined);
    return await index.shared(current, () => compareFor(reader, group, index, hasVersion), mayShare);
  };

  return { bringUpToDate, hadNothing };
}

function contradiction({ branch, repository, architecture }: Group): GatewayError {
  const message = `the registry has just shown the index of ${branch}/${repository}/${architecture}, and now nothing`;
  return new GatewayError('STORE_UNAVAILABLE', message, { details: { isContradiction: true } });
}
