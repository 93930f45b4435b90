import { NOARCH } from '../../apk/architectures.ts';
import { isV3Entry } from '../../apk/index-v3/index-v3-record.ts';
import { GatewayError } from '../../errors.ts';
import type { Log } from '../../ports.ts';
import type { ImageStore } from '../../store/store.ts';
import { lease } from '../../time/lease.ts';
import { msSince, type MonotonicClock } from '../../time/monotonic.ts';
import type { Stamp } from '../../time/stamps.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import { mayBear, peekTag, tombstoneOf } from '../artifacts/package-tag.ts';

import type { LiveTag } from '../live/live-set.ts';
import type { Look, Scope } from '../live/look.ts';
import { rivalsOf } from '../live/names.ts';
import type { Sightings } from '../live/sightings.ts';
import { reasonOf, type Burial, type Reason } from './burial.ts';
import { architecturesIn, type Participant } from './participant.ts';

/** So often the smaller of two rivals' tags looks again: the other may withdraw meanwhile, and then one push succeeds. */
const maxPatience = 4;

export interface ClaimDeps {
  readonly burial: Burial;
  readonly sightings: Sightings;
  readonly clock: MonotonicClock;
  readonly stamp: () => Stamp;
  readonly log: Log;
  /** For how long a push waits until a listing shows its tags, in milliseconds. */
  readonly listingPatienceMs: number;
}

/**
 * Where a claim is:
 *
 *     waiting ──> shown ──> holding ──> acknowledged       a listing shows its tags; that look shows no rival; an index lists them
 *        └──> unproven ────────┴──────────^                no listing shows them, and none is waited for any longer
 *     any but holding ──> withdrawing ──> withdrawn
 *
 * Who holds never withdraws, so others may build on it; who withdraws never turns back, since a tombstone whose put failed may
 * land at any later time. No age decides anything.
 */
type Phase =
  | { readonly name: 'waiting' | 'unproven' | 'shown' | 'holding' | 'acknowledged' }
  | { readonly name: 'withdrawing' | 'withdrawn'; readonly tags: readonly LiveTag[]; readonly told: GatewayError };

/**
 * The claim of one push to the names of its files, from the moment that all its tags are put. `before` is the look that showed
 * the names to be free.
 *
 * Its first look is the first whose listing shows its own tags: that one shows every tag that was put before. A push that sees
 * a live rival in it withdraws. One that saw none holds the names: whoever claims them later puts their tag before they look,
 * so they see this one's and withdraw.
 */
export function createClaim(
  deps: ClaimDeps,
  claim: {
    readonly image: ImageStore;
    readonly own: readonly LiveTag[];
    readonly scope: Scope;
    readonly before: Look;
  },
): Participant {
  const { image, own, scope } = claim;
  const began = deps.clock.monotonicMs();
  const beganAt = deps.stamp();
  const knownGraves = new Set(gravesIn(claim.before, own));
  let phase: Phase = { name: 'waiting' };
  let contests = 0;

  const withdraw = async (tags: readonly LiveTag[], told: GatewayError, reason: Reason = 'withdrawn') => {
    phase = { name: 'withdrawing', tags, told };
    await Promise.all(tags.map(({ tag }) => deps.burial.bury(image, tag, reason)));
    phase = { name: 'withdrawn', tags, told };
  };

  const hold = () => {
    phase = { name: 'holding' };
    for (const { tag } of own) deps.sightings.held(tag);
  };

  /** Only of what the registry shows right now: a listing that doesn't show it may be behind, or the registry was set back. */
  const acknowledge = async (look: Look, left: readonly LiveTag[]) => {
    if (!left.every((file) => look.live.has(file.tag) && isListed(look, file))) return 'publish';
    const unshown = left.filter(({ tag }) => look.live.unshown.has(tag));
    const found = await Promise.all(unshown.map(({ tag }) => image.resolve(tag)));
    if (found.includes(undefined)) return 'publish';
    phase = { name: 'acknowledged' };
    for (const { tag } of own) deps.sightings.acknowledged(tag);
    return 'done' as const;
  };

  /** By the shared clock too: the monotonic one may stand still while a machine sleeps. */
  const isTooLate = () => Math.max(msSince(deps.clock, began), deps.stamp() - beganAt) >= lease.claimMs;
  const isDead = (tag: string) => deps.sightings.isBuried(tag) || deps.sightings.isAbsent(tag);
  const isPatient = () => msSince(deps.clock, began) < deps.listingPatienceMs;

  /** Whether looks count by now. Until then nothing is listed by this replica's word alone. */
  const mayCount = (look: Look) => {
    const isShown = areShown(look, own);
    const isBuried = own.some(({ tag }) => deps.sightings.isBuried(tag));
    if (!isShown && !isBuried && isPatient() && !deps.sightings.isLagging()) return false;
    if (!isShown && !isBuried && !deps.sightings.isLagging()) {
      deps.sightings.lagged();
      deps.log.warn({ image: image.image }, 'listings of this registry lag: rivals of a push may be seen too late');
    }
    // A look that was made before this can't know of them, where it isn't the listing that shows them.
    const mayKnow = isShown || isBuried || phase.name === 'unproven';
    if (phase.name === 'waiting') for (const { tag } of own) deps.sightings.vouch(tag);
    phase = { name: isShown ? 'shown' : 'unproven' };
    return mayKnow;
  };

  /** Asks for the rivals' tombstones by name, since a listing shows them later; whether none is buried. */
  const areUnburied = async (rivals: readonly LiveTag[]) => {
    const tombstones = await Promise.all(rivals.map(({ tag }) => image.resolve(tombstoneOf(tag))));
    const buried = rivals.filter((_rival, i) => tombstones[i] !== undefined);
    for (const { tag } of buried) deps.sightings.buried(tag);
    return buried.length === 0;
  };

  const contend = async (look: Look, rivals: readonly LiveTag[]) => {
    // They lost to a twin of these files, and are buried as soon as their own pusher had the time to.
    if (own.every((file) => hasHeldTwin(look, file)) || !(await areUnburied(rivals))) return;
    contests += 1;
    const isSmaller = own.every(({ tag }) => rivals.every((rival) => tag < rival.tag));
    const isHopeless = rivals.some(({ tag }) => look.facts.isHeld(tag));
    if (isHopeless || !isSmaller || contests > maxPatience) await withdraw(own, nameTaken(own, false));
  };

  /**
   * Whether something of these names lived and was deleted since the look before the put. Whoever saw it beside these tags may be
   * about to bury them; only of what its own pusher withdrew nobody ever built on.
   */
  const isUnderGrave = async (look: Look) => {
    for (const grave of gravesIn(look, own)) {
      if (knownGraves.has(grave)) continue;
      if ((await reasonOf(image, grave)) !== 'withdrawn') return true;
      knownGraves.add(grave);
    }
    return false;
  };

  const compete = async (look: Look) => {
    const rivals = own.flatMap(({ pkg }) => rivalsOf(look.live, pkg));
    if (rivals.length > 0) {
      await contend(look, rivals);
      return 'publish';
    }
    if (phase.name === 'shown') {
      const isDoubtful = own.some((file) => [...look.live.unread].some((tag) => concerns(look, tag, file)));
      if (isDoubtful && isPatient()) return 'publish';
      if (await isUnderGrave(look)) {
        await withdraw(own, withdrawnMeanwhile(own));
        return 'publish';
      }
      hold();
    }
    return await acknowledge(look, own);
  };

  const settleHeld = async (look: Look, left: readonly LiveTag[]) => {
    if (left.length === 0) throw withdrawnMeanwhile(own);
    const rivals = left.flatMap(({ pkg }) => rivalsOf(look.live, pkg));
    const equals = rivals.filter(({ tag }) => look.facts.isHeld(tag));
    if (equals.length < rivals.length) return 'publish';
    if ((await acknowledge(look, left)) === 'done') return 'done';
    if (equals.length === 0 || !architecturesIn(look, scope).every(look.isCovered)) return 'publish';
    deps.log.error(
      { image: image.image, tags: equals.map(({ tag }) => tag) },
      'two pushes hold one name: listings lag',
    );
    throw nameTaken(left, false);
  };

  return {
    image,
    scope,
    async settle(look) {
      if (phase.name === 'withdrawing') {
        await withdraw(phase.tags, phase.told);
        return 'publish';
      }
      if (phase.name === 'withdrawn') {
        if (!architecturesIn(look, scope).every(look.isCovered)) return 'publish';
        throw phase.told;
      }
      const left = own.filter(({ tag }) => !isDead(tag));
      if (phase.name === 'holding') return await settleHeld(look, left);
      if (isTooLate()) {
        await withdraw(left, tooLate());
        return 'publish';
      }
      if (phase.name !== 'shown' && !mayCount(look)) return 'publish';
      if (left.length === own.length) return await compete(look);
      // Somebody deleted one, or it lost to a rival. A push of one file touches nothing then; of several, all or none are there.
      const rivals = own.flatMap(({ pkg }) => rivalsOf(look.live, pkg));
      await withdraw(left, rivals.length > 0 ? nameTaken(own, false) : withdrawnMeanwhile(own));
      return 'publish';
    },
    // Others may have built on what is held: they are told that it was deleted.
    abandon: () => withdraw(own, nameTaken(own, false), phase.name === 'holding' ? 'deleted' : 'withdrawn'),
  };
}

/** PACKAGE_EXISTS, with the files at fault; `owners` are the packages that have the names, where they are known. */
export function nameTaken(
  files: readonly Pick<LiveTag, 'pkg'>[],
  identical: boolean,
  owners: readonly PackageRecord[] = [],
): GatewayError {
  const names = files.map(({ pkg }) => pkg.fileName).join(', ');
  const what = identical ? 'identical bytes are there already' : `${others(files, owners)} there under that name`;
  return new GatewayError('PACKAGE_EXISTS', `${names}: ${what}`, { details: { file: names, identical } });
}

function others(files: readonly Pick<LiveTag, 'pkg'>[], owners: readonly PackageRecord[]): string {
  const hasV3 = (packages: readonly PackageRecord[]) => packages.some(({ entry }) => isV3Entry(entry));
  const isOtherFormat = owners.length > 0 && hasV3(owners) !== hasV3(files.map(({ pkg }) => pkg));
  return isOtherFormat ? `a package of the other format (apk ${hasV3(owners) ? 'v3' : 'v2'}) is` : 'other bytes are';
}

/** Whether a look's listing shows all these tags. */
function areShown(look: Look, files: readonly LiveTag[]): boolean {
  const wanted = new Set(files.map(({ tag }) => tag));
  return look.listing.reduce((left, tag) => (wanted.has(tag) ? left - 1 : left), wanted.size) === 0;
}

/** Whether the registry shows a held tag of the same bytes. */
function hasHeldTwin({ live, facts }: Look, { tag, pkg }: LiveTag): boolean {
  const isTwin = (other: LiveTag) => other.tag !== tag && other.pkg.digest === pkg.digest;
  return live
    .named(pkg.fileName)
    .some((other) => isTwin(other) && facts.isHeld(other.tag) && !live.unshown.has(other.tag));
}

/** Whether a tag or a tombstone that a look shows may be of a file that this one can't stand beside. */
function concerns({ groups }: Look, other: string, { tag, pkg }: LiveTag): boolean {
  if (!mayBear(other, pkg.fileName)) return false;
  const group = peekTag(other)?.groupHash ?? '';
  return pkg.architecture === NOARCH
    ? [...groups.values()].includes(group)
    : [peekTag(tag)?.groupHash, groups.get(NOARCH)].includes(group);
}

function gravesIn(look: Look, files: readonly LiveTag[]): readonly string[] {
  return look.listing.filter(
    (tag) => peekTag(tag)?.kind === 'tombstone' && files.some((file) => concerns(look, tag, file)),
  );
}

/** Whether every index that is to list a file lists this tag of it. */
function isListed(look: Look, { tag, pkg }: LiveTag): boolean {
  const wanted = pkg.architecture === NOARCH ? look.architectures : [pkg.architecture];
  return wanted.every((architecture) => look.isListed(architecture, tag));
}

function withdrawnMeanwhile(files: readonly LiveTag[]): GatewayError {
  const names = files.map(({ pkg }) => pkg.fileName).join(', ');
  return new GatewayError('PACKAGE_WITHDRAWN', `${names}: deleted before its push was done`, {
    details: { file: names },
  });
}

function tooLate(): GatewayError {
  return new GatewayError('PUBLISH_TIMEOUT', 'this push took too long to be sure of its names; push again', {
    details: { retryAfterSeconds: 5 },
  });
}
