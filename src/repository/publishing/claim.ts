import type { GatewayError } from '../../errors.ts';
import type { Log } from '../../ports.ts';
import type { ImageStore } from '../../store/store.ts';
import { lease } from '../../time/lease.ts';
import { msSince, type MonotonicClock, type MonotonicMs } from '../../time/monotonic.ts';
import type { Stamp } from '../../time/stamps.ts';
import { areAnyBuried, undeadIn } from '../live/absence.ts';
import type { LiveTag } from '../live/live-set.ts';
import type { Look, Scope } from '../live/look.ts';
import { areDoubtful, areListed, areShown, haveHeldTwins, rivalsOfAll } from '../live/pushed-files.ts';
import type { Sightings } from '../live/sightings.ts';
import type { AnswerTime } from './answer-time.ts';
import type { Burial, Reason } from './burial.ts';
import { createGraveWatch } from './grave-watch.ts';
import { areCovered, type Participant } from './participant.ts';
import { nameTaken, tooLate, withdrawnMeanwhile } from './refusals.ts';

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
  readonly time: AnswerTime;
}

/** A push whose tags are all put; `before` is the look that showed its names to be free, and `began` when that was begun, by both clocks. */
export interface Push {
  readonly image: ImageStore;
  readonly own: readonly LiveTag[];
  readonly scope: Scope;
  readonly before: Look;
  readonly began: { readonly ms: MonotonicMs; readonly at: Stamp };
  /** Why the push may not hold its names though no rival shows; `unsure` where another look may tell. Default: nothing. */
  readonly refuse?: (look: Look, isPatient: boolean) => Promise<GatewayError | 'unsure' | undefined>;
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
 * The claim of one push to the names of its files.
 *
 * Its first look is the first whose listing shows its own tags: that one shows every tag that was put before. A push that sees
 * a live rival in it withdraws. One that saw none holds the names: whoever claims them later puts their tag before they look,
 * so they see this one's and withdraw.
 */
export function createClaim(deps: ClaimDeps, { image, own, scope, before, began, refuse }: Push): Participant {
  const { burial, sightings, time } = deps;
  const putMs = deps.clock.monotonicMs();
  const isUnderGrave = createGraveWatch(image, before, own);
  let phase: Phase = { name: 'waiting' };
  let contests = 0;

  /** By the shared clock too: the monotonic one may stand still while a machine sleeps. */
  const isTooLate = () => Math.max(msSince(deps.clock, began.ms), deps.stamp() - began.at) >= lease.claimMs;
  const isDead = ({ tag }: LiveTag) => sightings.isBuried(tag) || sightings.isAbsent(tag);
  const isPatient = () => msSince(deps.clock, putMs) < deps.listingPatienceMs;

  const withdraw = async (
    tags: readonly LiveTag[],
    told: GatewayError,
    reason: Reason = 'withdrawn',
    call = time.call(),
  ) => {
    phase = { name: 'withdrawing', tags, told };
    await Promise.all(tags.map(({ tag }) => burial.bury(image, tag, reason, call)));
    phase = { name: 'withdrawn', tags, told };
    return 'publish' as const;
  };

  /** waiting, unproven -> shown, unproven. Whether the look counts; until one does nothing is listed by this replica's word. */
  const mayCount = (look: Look) => {
    const isShown = areShown(look, own);
    const isKnown = isShown || own.some(({ tag }) => sightings.isBuried(tag));
    if (!isKnown && !sightings.isLagging()) {
      if (isPatient()) return false;
      sightings.lagged();
      deps.log.warn({ image: image.image }, 'listings of this registry lag: rivals of a push may be seen too late');
    }
    // A look that was made before this can't know of them, where it isn't the listing that shows them.
    const mayKnow = isKnown || phase.name === 'unproven';
    if (phase.name === 'waiting') for (const { tag } of own) sightings.vouch(tag);
    phase = { name: isShown ? 'shown' : 'unproven' };
    return mayKnow;
  };

  /** shown, unproven -> holding, acknowledged, withdrawing. */
  const compete = async (look: Look) => {
    const rivals = rivalsOfAll(look, own);
    if (rivals.length > 0) return await contend(look, rivals);
    const refusal = await refuse?.(look, isPatient());
    if (refusal === 'unsure') return 'publish';
    if (refusal !== undefined) return await withdraw(own, refusal);
    if (phase.name === 'shown') {
      if (areDoubtful(look, own) && isPatient()) return 'publish';
      if (await isUnderGrave(look, time.call())) return await withdraw(own, withdrawnMeanwhile(own));
      phase = { name: 'holding' };
      for (const { tag } of own) sightings.held(tag);
    }
    return await acknowledge(look, own);
  };

  const contend = async (look: Look, rivals: readonly LiveTag[]) => {
    // They lost to a twin of these files, and are buried as soon as their own pusher had the time to.
    if (haveHeldTwins(look, own) || (await areAnyBuried(image, rivals, sightings, time.call()))) return 'publish';
    contests += 1;
    const isSmaller = own.every(({ tag }) => rivals.every((rival) => tag < rival.tag));
    const isHopeless = rivals.some(({ tag }) => look.facts.isHeld(tag));
    if (!isHopeless && isSmaller && contests <= maxPatience) return 'publish';
    return await withdraw(own, nameTaken(own, false));
  };

  /** holding -> acknowledged. */
  const settleHeld = async (look: Look, alive: readonly LiveTag[]) => {
    const heldRivals = (files: readonly LiveTag[]) =>
      rivalsOfAll(look, files).filter(({ tag }) => look.facts.isHeld(tag));
    // Nobody else could hold its name while it was shown: it was deleted, though nothing else tells of that.
    const left = alive.filter((file) => look.live.has(file.tag) || heldRivals([file]).length === 0);
    if (left.length === 0) {
      // Whoever deleted them may have been broken off before an index said so.
      if (!areCovered(look, scope)) return 'publish';
      throw withdrawnMeanwhile(own);
    }
    const equals = heldRivals(left);
    if (equals.length < rivalsOfAll(look, left).length) return 'publish';
    if ((await acknowledge(look, left)) === 'done') return 'done';
    if (equals.length === 0 || !areCovered(look, scope)) return 'publish';
    // Nobody may be told that nothing is there of what is held and listed.
    if (left.some((file) => areListed(look, [file]))) return 'publish';
    deps.log.error(
      { image: image.image, tags: equals.map(({ tag }) => tag) },
      'two pushes hold one name: listings lag',
    );
    throw nameTaken(left, false);
  };

  /** Only of what the registry shows right now: a listing that doesn't show it may be behind, or the registry was set back. */
  const acknowledge = async (look: Look, left: readonly LiveTag[]) => {
    if (!areListed(look, left)) return 'publish';
    const unshown = left.filter(({ tag }) => look.live.unshown.has(tag));
    const found = await Promise.all(unshown.map(({ tag }) => image.resolve(tag, time.call())));
    if (found.includes(undefined)) return 'publish';
    phase = { name: 'acknowledged' };
    for (const { tag } of own) sightings.acknowledged(tag);
    return 'done';
  };

  return {
    image,
    scope,
    async settle(look) {
      if (phase.name === 'withdrawing') return await withdraw(phase.tags, phase.told);
      if (phase.name === 'withdrawn') {
        const undead = await undeadIn(image, look.listing, phase.tags, time.call());
        if (undead.length > 0) return await withdraw(phase.tags, phase.told);
        if (!areCovered(look, scope)) return 'publish';
        throw phase.told;
      }
      const left = own.filter((file) => !isDead(file));
      if (phase.name === 'holding') return await settleHeld(look, left);
      if (isTooLate()) return await withdraw(left, tooLate());
      if (phase.name !== 'shown' && !mayCount(look)) return 'publish';
      if (left.length === own.length) return await compete(look);
      // Somebody deleted one, or it lost to a rival. A push of one file touches nothing then; of several, all or none are there.
      return await withdraw(left, rivalsOfAll(look, own).length > 0 ? nameTaken(own, false) : withdrawnMeanwhile(own));
    },
    // Others may have built on what is held: they are told that it was deleted.
    async abandon() {
      const reason = phase.name === 'holding' ? 'deleted' : 'withdrawn';
      await withdraw(own, nameTaken(own, false), reason, time.undoing());
    },
  };
}
