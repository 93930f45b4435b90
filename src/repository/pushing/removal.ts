import { NOARCH } from '../../apk/architectures.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import type { Keeping, KeptPackage } from '../artifacts/kept-package.ts';
import { proveThere } from '../artifacts/artifact-writer.ts';
import { contentKeyOf, keptBy, keptTagOf, peekKind } from '../artifacts/package-tag.ts';
import { newestOfEachContent, putKept } from '../keeping/kept-packages.ts';
import { undeadIn } from '../live/absence.ts';
import type { LiveTag } from '../live/live-set.ts';
import { EVERY, type Look, type Scope } from '../live/look.ts';
import type { Participant } from '../publishing/participant.ts';
import { bytesGone } from '../publishing/refusals.ts';
import { barAll, endKeeping } from './kept-selection.ts';
import { filesOf, mayListDead } from './leaving-files.ts';
import type { Work } from './work.ts';

/** Tags that are removed at a time. */
const concurrency = 8;

/** Why packages leave the index, and what becomes of their bytes: kept where they are withdrawn or can be fetched for a while. */
export interface Removal {
  readonly keeping: Keeping;
  /** What is kept of packages that go too, and ends with them. */
  readonly ended?: readonly KeptPackage[];
  /** Packages that somebody else has taken away, and that no index is to list either. */
  readonly gone?: readonly Pick<LiveTag, 'pkg'>[];
  /** Whether only these very bytes go. Default: whatever is pushed under their names meanwhile goes too. */
  readonly isExact?: boolean;
  /** Whether nobody fetches the bytes from now on, also where a deletion beside this one would keep them for a while. */
  readonly isNow?: boolean | undefined;
  /** Who waits for the same change of the index: joined once the tags are gone. */
  readonly beside?: (() => Promise<void>) | undefined;
}

/**
 * Removes live tags and resolves once no index lists them, nor any other tag of those files. What is kept of them is put before
 * their tags go, so that no crash loses it. The first goes alone: where the caller may not delete, nothing else is touched. What
 * was kept ends before the looks that show what is left: whoever restores it meanwhile either misses it then, or is seen.
 */
export async function removeAll(work: Work, targets: readonly LiveTag[], removal: Removal): Promise<void> {
  const { ended = [], gone = [], beside } = removal;
  const [first, ...others] = targets;
  const keepers = newestOfEachContent(targets.map(({ tag }) => tag));
  const kept = new Map<string, KeptPackage>();
  const remove = async (target: LiveTag) => {
    if (keepers.has(target.tag)) await keep(work, target, removal, kept);
    await bury(work, target, removal);
    // However many there are: the registry is at work as long as it answers.
    work.time.renew();
  };
  if (first !== undefined) await remove(first);
  await inParallel(others, concurrency, remove);
  await endKeeping(work, ended);
  // Not before: who may not delete bars nothing.
  if (removal.isNow === true) await barAll(work, ended);
  if (targets.length + ended.length + gone.length === 0) return;
  const participant = createRemoval(work, targets, removal, kept);
  await Promise.all([work.loop.join(participant, work.time), beside?.()]);
  const isSpared = (tag: string) =>
    removal.isExact === true && peekKind(tag) === 'withdrawn' && keepers.has(keptBy(tag));
  await settleKept(work, participant.seen(), { kept, removed: keepers, isSpared });
}

/** The architectures whose index a change of these packages concerns: for noarch all that there are. */
export function scopeOfTags(targets: readonly Pick<LiveTag, 'pkg'>[]): Scope {
  const architectures = [...new Set(targets.map(({ pkg }) => pkg.architecture))];
  return architectures.includes(NOARCH) ? [...architectures, EVERY] : architectures;
}

/** Throws PACKAGE_UNKNOWN where a withdrawn package's bytes are gone: nobody could ever restore it. */
async function keep(work: Work, { tag, pkg }: LiveTag, { keeping }: Removal, kept: Map<string, KeptPackage>) {
  const isWithdrawn = keeping.why === 'withdrawn';
  if (!isWithdrawn && keeping.fetchableUntil === undefined) return;
  const { branch, repository } = work.at;
  const one = {
    tag: keptTagOf(tag, isWithdrawn ? 'withdrawn' : 'kept'),
    group: { branch, repository, architecture: pkg.architecture },
    ...{ pkg, keeping },
  };
  if (await putKept(work.artifacts, work.image, one, work.time.call())) kept.set(one.tag, one);
  else if (isWithdrawn) throw bytesGone(pkg.fileName);
  // Nobody could restore it otherwise.
  if (isWithdrawn) await proveThere(work.clock, work.image, [one.tag], work.time.call());
}

async function bury(work: Work, { tag, pkg }: LiveTag, { keeping: { why, by, reason }, isNow = false }: Removal) {
  const { burial, image, time } = work;
  await burial.remove(image, tag, { why, pkg, by, reason }, time.call());
  if (isNow) await barAll(work, [{ tag }]);
}

/**
 * A removal whose first tags are gone: done once no index lists them and a look shows no other of those files. What is pushed
 * meanwhile is removed too: the removal isn't over, so it may as well have come after that push.
 */
function createRemoval(
  work: Work,
  targets: readonly LiveTag[],
  removal: Removal,
  kept: Map<string, KeptPackage>,
): Participant & { readonly seen: () => Look | undefined } {
  const { ended = [], gone = [], isExact = false } = removal;
  const files = filesOf([...targets, ...ended], isExact);
  const unlisted = filesOf([...targets, ...ended, ...gone], isExact);
  const buried = new Map(targets.map((one) => [one.tag, one]));
  let seen: Look | undefined;
  const buryAll = async (left: readonly LiveTag[]) => {
    const keepers = newestOfEachContent(left.map(({ tag }) => tag));
    for (const one of left) {
      if (keepers.has(one.tag)) await keep(work, one, removal, kept);
      await bury(work, one, removal);
      buried.set(one.tag, one);
    }
  };
  return {
    image: work.image,
    scope: scopeOfTags([...targets, ...ended, ...gone]),
    seen: () => seen,
    async settle(look) {
      seen = look;
      const left = [...files.names].flatMap((name) => look.live.named(name).filter(({ pkg }) => files.has(pkg)));
      const undead = await undeadIn(work.image, look.listing, [...buried.values()], work.time.call());
      for (const one of undead) await bury(work, one, removal);
      await buryAll(left);
      const isListed = look.architectures.some((architecture) => mayListDead(look, architecture, unlisted));
      return left.length > 0 || isListed || undead.length > 0 ? 'publish' : 'done';
    },
    abandon: () => Promise.resolve(),
  };
}

/**
 * Afterwards, by the last look: what is to be kept is there, whoever cleared it away meanwhile, and nothing older is kept of the
 * same contents, which would count again once the newest word on them is gone.
 */
async function settleKept(
  work: Work,
  seen: Look | undefined,
  {
    kept,
    removed,
    isSpared,
  }: {
    readonly kept: ReadonlyMap<string, KeptPackage>;
    readonly removed: ReadonlySet<string>;
    /** Whether what a tag keeps was withdrawn meanwhile, by somebody whose word counts more than this removal. */
    readonly isSpared: (tag: string) => boolean;
  },
): Promise<void> {
  const { image, artifacts, time } = work;
  const listed = new Set(seen?.listing);
  for (const one of kept.values()) {
    const isThere = listed.has(one.tag) || (await image.resolve(one.tag, time.call())) !== undefined;
    if (!isThere) await putKept(artifacts, image, one, time.call());
  }
  const contents = new Set([...removed].map(contentKeyOf));
  const isOlder = (tag: string) => contents.has(contentKeyOf(tag)) && !kept.has(tag) && !isSpared(tag);
  const older = (seen?.live.kept ?? []).filter(isOlder);
  await endKeeping(
    work,
    older.map((tag) => ({ tag })),
  );
}
