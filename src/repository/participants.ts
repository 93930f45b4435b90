import { GatewayError } from '../errors.ts';
import type { Clock, Log } from '../ports.ts';
import type { ImageStore } from '../store/store.ts';
import type { Burial } from './burial.ts';
import { NOARCH } from './coordinates.ts';
import { rivalsOf } from './index-target.ts';
import type { LiveTag } from './live-set.ts';
import { EVERY } from './look.ts';
import type { Look, Scope } from './look.ts';
import { tagTimeMs } from './package-tag.ts';
import type { Sightings } from './sightings.ts';

/**
 * Somebody who waits for an index to be published. Every look that began after they joined is shown to `settle`, which
 * answers `done`, `publish` (an index that covers the live set is still wanted) or throws what the caller is to be told.
 */
export interface Participant {
  /** The image with this caller's rights. */
  readonly image: ImageStore;
  readonly scope: Scope;
  settle(look: Look): Promise<'done' | 'publish'>;
  /** Takes back what this participant did, where no index can be put at all. */
  abandon(): Promise<void>;
}

export interface ParticipantDeps {
  readonly burial: Burial;
  readonly sightings: Sightings;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** Past this age, in milliseconds, a live tag is taken for settled: its push can't be under way. */
  readonly graceMs: number;
}

/** So often the smaller of two rivals' tags looks again: the other may withdraw meanwhile, and then one push succeeds. */
const maxPatience = 4;
/** So many looks a rival of a file that has its name may stay, before its pusher is taken for dead. */
const maxRivalLooks = 6;

/**
 * The claim of one push to the names of its files, from the moment that all its tags are put.
 *
 * A push that in its first look sees a live rival withdraws. One that saw none has the names: whoever claims them later puts
 * their tag before they look, so they see this one's and withdraw. It is done once a look shows its tags listed and no rival.
 */
export function createClaim(
  deps: ParticipantDeps,
  claim: { readonly image: ImageStore; readonly own: readonly LiveTag[]; readonly scope: Scope },
): Participant {
  const { image, own, scope } = claim;
  /** The architectures that rivals were made for: only their indexes tell which rivals count. */
  const homes = new Set<string>();
  let isClaimed = false;
  let looks = 0;
  /** Tags whose withdrawal has begun, and what the pusher will be told once the index covers what is left without them. */
  let lost: { readonly tags: readonly LiveTag[]; readonly told: GatewayError } | undefined;
  let isWithdrawn = false;

  /** There is no way back from here: a tombstone whose put failed may land at any later time. */
  const withdraw = async (tags: readonly LiveTag[] = own, told: GatewayError = nameTaken(own, false)) => {
    refuseIfOld(tags);
    lost ??= { tags, told };
    await Promise.all(lost.tags.map(({ tag }) => deps.burial.bury(image, tag)));
    isWithdrawn = true;
  };

  /**
   * Past half the grace period it is too late to withdraw: others will soon take these tags for settled and build on them. A
   * process that was suspended wakes up here.
   */
  const refuseIfOld = (tags: readonly LiveTag[]) => {
    if (tags.every(({ tag }) => deps.clock.now() - tagTimeMs(tag) < deps.graceMs / 2)) return;
    throw new GatewayError('PUBLISH_TIMEOUT', 'this push took too long to be undone; push again', {
      details: { retryAfterSeconds: 5 },
    });
  };

  /**
   * A rival that stays has lost its pusher, or was acknowledged where listings lag: whichever of the two the index of the
   * architecture it was made for doesn't list goes.
   */
  const outlive = async (look: Look, rivals: readonly LiveTag[]) => {
    looks += 1;
    for (const { pkg } of rivals) homes.add(pkg.architecture);
    if (looks <= maxRivalLooks) return;
    if (rivals.some((rival) => isListedAtHome(look, rival))) {
      await withdraw();
      return;
    }
    const isGone = rivals.every(({ tag, pkg }) => {
      return look.architectures.includes(pkg.architecture) && !look.mayList(pkg.architecture, tag);
    });
    if (!isGone || !own.every((file) => isListedAtHome(look, file))) return;
    deps.log.warn({ image: image.image, tags: rivals.map(({ tag }) => tag) }, 'removing rivals whose pushers are gone');
    await Promise.all(rivals.map(({ tag }) => deps.burial.bury(image, tag)));
  };

  const contend = async (look: Look, rivals: readonly LiveTag[]) => {
    if (isClaimed) {
      await outlive(look, rivals);
      return;
    }
    looks += 1;
    const isSmaller = own.every(({ tag }) => rivals.every((rival) => tag < rival.tag));
    if (!isSmaller || looks > maxPatience) await withdraw();
  };

  return {
    image,
    get scope() {
      return homes.size === 0 ? scope : [...scope, ...homes];
    },
    async settle(look) {
      if (lost !== undefined) {
        if (!isWithdrawn) {
          await withdraw();
          return 'publish';
        }
        if (!architecturesIn(look, scope).every(look.isCovered)) return 'publish';
        throw lost.told;
      }
      const left = own.filter(({ tag }) => look.live.has(tag));
      const gone = own.find((file) => !left.includes(file));
      if (gone !== undefined) {
        // Somebody deleted it. A push of one file touches nothing then; of several, all or none are there.
        await withdraw(left, withdrawnMeanwhile(gone));
        return 'publish';
      }
      const rivals = own.flatMap(({ pkg }) => rivalsOf(look.live, pkg));
      if (rivals.length > 0) {
        await contend(look, rivals);
        return 'publish';
      }
      if (!isClaimed) looks = 0;
      isClaimed = true;
      if (!own.every((file) => isListed(look, file))) return 'publish';
      for (const { tag } of own) deps.sightings.acknowledged(tag);
      return 'done';
    },
    abandon: () => withdraw(),
  };
}

/** A deletion, from the moment that `dead` were removed: done once no index lists them and no older twin came to light. */
export function createRemoval(
  deps: ParticipantDeps,
  removal: {
    readonly image: ImageStore;
    readonly scope: Scope;
    readonly fileName: string;
    readonly architectures: readonly string[];
    readonly beganMs: number;
    readonly dead: readonly string[];
  },
): Participant {
  const dead = new Set(removal.dead);
  return {
    image: removal.image,
    scope: removal.scope,
    async settle(look) {
      const twins = look.live
        .named(removal.fileName)
        .filter(
          ({ tag, pkg }) => removal.architectures.includes(pkg.architecture) && tagTimeMs(tag) <= removal.beganMs,
        );
      for (const { tag } of twins) {
        await deps.burial.remove(removal.image, tag);
        dead.add(tag);
      }
      const isStillListed = [...dead].some((tag) => look.architectures.some((one) => look.mayList(one, tag)));
      return twins.length > 0 || isStillListed ? 'publish' : 'done';
    },
    abandon: () => Promise.resolve(),
  };
}

/** Somebody who is about to be told that a name is taken: the index is made to cover it first. */
export function createMending(image: ImageStore, scope: Scope): Participant {
  return {
    image,
    scope,
    settle: (look) => Promise.resolve(architecturesIn(look, scope).every(look.isCovered) ? 'done' : 'publish'),
    abandon: () => Promise.resolve(),
  };
}

/** PACKAGE_EXISTS, with the files at fault. */
export function nameTaken(files: readonly LiveTag[], identical: boolean): GatewayError {
  const names = files.map(({ pkg }) => pkg.fileName).join(', ');
  const what = identical ? 'identical bytes are there already' : 'other bytes are there under that name';
  return new GatewayError('PACKAGE_EXISTS', `${names}: ${what}`, { details: { file: names, identical } });
}

/** The architectures of a look that a scope means. */
export function architecturesIn(look: Look, scope: Scope): readonly string[] {
  return scope.includes(EVERY) ? look.architectures : scope;
}

/** Whether every index that is to list a file lists this tag of it. */
function isListed(look: Look, { tag, pkg }: LiveTag): boolean {
  const wanted = pkg.architecture === NOARCH ? look.architectures : [pkg.architecture];
  return wanted.every((architecture) => look.isListed(architecture, tag));
}

/** Whether the index of the architecture that a file was made for lists this tag of it. */
function isListedAtHome(look: Look, { tag, pkg }: LiveTag): boolean {
  return look.isListed(pkg.architecture, tag);
}

function withdrawnMeanwhile({ pkg }: LiveTag): GatewayError {
  return new GatewayError('PACKAGE_WITHDRAWN', `${pkg.fileName} was deleted before its push was done`, {
    details: { file: pkg.fileName },
  });
}
