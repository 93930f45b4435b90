import { GatewayError } from '../../errors.ts';
import type { Clock, Log } from '../../ports.ts';
import type { ImageStore } from '../../store/store.ts';
import type { Burial } from './burial.ts';
import { NOARCH } from '../../protocol/coordinates.ts';
import { rivalsOf } from '../live/index-target.ts';
import type { LiveTag } from '../live/live-set.ts';
import type { Look, Scope } from '../live/look.ts';
import { tagTimeMs, tombstoneOf } from '../artifacts/package-tag.ts';
import { architecturesIn, nameTaken, type Participant } from './participants.ts';
import type { Sightings } from '../live/sightings.ts';

/** So often the smaller of two rivals' tags looks again: the other may withdraw meanwhile, and then one push succeeds. */
const maxPatience = 4;
/** So many looks a rival of a file that has its name may stay, before its pusher is taken for dead. */
const maxRivalLooks = 6;

interface ClaimDeps {
  readonly burial: Burial;
  readonly sightings: Sightings;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** Past this age, in milliseconds, a live tag is taken for settled: its push can't be under way. */
  readonly graceMs: number;
  /** For how long a push waits until a listing shows its tags, in milliseconds. */
  readonly listingPatienceMs: number;
}

/**
 * The claim of one push to the names of its files, from the moment that all its tags are put.
 *
 * Its first look is the first whose listing shows its own tags: that one shows every tag that was put before. A push that sees
 * a live rival in it withdraws. One that saw none has the names: whoever claims them later puts their tag before they look, so
 * they see this one's and withdraw. It is done once a look shows its tags listed and no rival.
 *
 * Where listings lag for long it doesn't wait for ever, and two pushes may then both have a name.
 */
export function createClaim(
  deps: ClaimDeps,
  claim: { readonly image: ImageStore; readonly own: readonly LiveTag[]; readonly scope: Scope },
): Participant {
  const { image, own, scope } = claim;
  /** The architectures that rivals were made for: only their indexes tell which rivals count. */
  const homes = new Set<string>();
  const beganMs = deps.clock.now();
  let isCounted = false;
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

  /** Asks for the rivals' tombstones by name, since a listing shows them later; whether none is buried. */
  const areUnburied = async (rivals: readonly LiveTag[]) => {
    const tombstones = await Promise.all(rivals.map(({ tag }) => image.resolve(tombstoneOf(tag))));
    const buried = rivals.filter((_rival, i) => tombstones[i] !== undefined);
    for (const { tag } of buried) deps.sightings.dead(tag);
    return buried.length === 0;
  };

  const contend = async (look: Look, rivals: readonly LiveTag[]) => {
    if (!(await areUnburied(rivals))) return;
    if (isClaimed) {
      await outlive(look, rivals);
      return;
    }
    looks += 1;
    const isSmaller = own.every(({ tag }) => rivals.every((rival) => tag < rival.tag));
    if (!isSmaller || looks > maxPatience) await withdraw();
  };

  /** Whether looks count by now. Until then nothing is listed by this replica's word alone. */
  const mayCount = (look: Look) => {
    const isShown = areShown(look, own);
    const isPatient = !deps.sightings.isLagging() && deps.clock.now() - beganMs < deps.listingPatienceMs;
    if (!isShown && isPatient) return false;
    if (!isShown && !deps.sightings.isLagging()) {
      deps.sightings.lagged();
      deps.log.warn({ image: image.image }, 'listings of this registry lag: rivals of a push may be seen too late');
    }
    for (const { tag } of own) deps.sightings.claimed(tag);
    isCounted = true;
    return isShown;
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
      if (!isCounted && !mayCount(look)) return 'publish';
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

/** Whether a look's listing shows all these tags. */
function areShown(look: Look, files: readonly LiveTag[]): boolean {
  const wanted = new Set(files.map(({ tag }) => tag));
  return look.listing.reduce((left, tag) => (wanted.has(tag) ? left - 1 : left), wanted.size) === 0;
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
