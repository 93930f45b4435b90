import { pathOf, type PackageRecord } from '../artifacts/package-manifest.ts';
import { packageProvenance } from '../artifacts/package-provenance.ts';
import { rivalsOf } from '../live/names.ts';
import type { LiveTag } from '../live/live-set.ts';
import { EVERY, type Look } from '../live/look.ts';
import { createClaim, type Push } from '../publishing/claim.ts';
import { changed, packagesOf } from '../pushing/change-answer.ts';
import { keepingOf } from '../pushing/kept-selection.ts';
import { proveBytes, putRecords } from '../pushing/put-records.ts';
import { removeAll, scopeOfTags } from '../pushing/removal.ts';
import { liveTagsIn } from '../pushing/selection.ts';
import type { Work } from '../pushing/work.ts';
import type { Change, ChangeOptions } from '../service/lifecycle.ts';
import { packagesOfSnapshot, type SnapshotPackagesDeps } from './snapshot-reading.ts';

type Start = Pick<Push, 'before' | 'began'>;

/** How a repository differs from a snapshot of it. */
interface RollbackPlan {
  /** What the snapshot lists and the repository doesn't, each once. */
  readonly coming: readonly PackageRecord[];
  /** Every tag of what the snapshot doesn't list. */
  readonly going: readonly LiveTag[];
}

/**
 * Makes a repository what a snapshot says:
 *
 *     look: what differs?  ->  what comes, under fresh tags of the bytes that the snapshot holds  ->  what goes, with its grace
 *       ->  one change of the index  ->  what comes under names that other bytes had until then
 *
 * Nothing that the snapshot holds can be lost: run again after a crash it ends what was begun.
 */
export async function rollback(
  deps: SnapshotPackagesDeps,
  work: Work,
  name: string,
  options: ChangeOptions = {},
): Promise<Change> {
  const start = await begin(work);
  const plan = planRollback(start.before, await recordsOf(deps, work, start.before, name));
  const { isDryRun = false } = options;
  if (!isDryRun) await follow(work, start, plan, options);
  const packages = [
    ...plan.coming.map((pkg) => changed(pkg, 'restored')),
    ...packagesOf(plan.going).map((pkg) => changed(pkg, 'deleted')),
  ];
  return { isDryRun, packages, missing: [], notes: [] };
}

/** What a change is judged by, from before its first request on: a process that sleeps anywhere after it is too late. */
async function begin(work: Work): Promise<Start> {
  const began = { ms: work.clock.monotonicMs(), at: work.stamp() };
  return { began, before: await work.look([EVERY]) };
}

/** What a snapshot of the repository lists, by path, each under the architecture that it was made for. */
async function recordsOf(
  deps: SnapshotPackagesDeps,
  work: Work,
  { listing }: Look,
  name: string,
): Promise<ReadonlyMap<string, PackageRecord>> {
  const listed = await packagesOfSnapshot(deps, work, name, listing);
  return new Map([...listed.values()].flat().map((pkg) => [pathOf(pkg), pkg]));
}

function planRollback(seen: Look, wanted: ReadonlyMap<string, PackageRecord>): RollbackPlan {
  const live = [...liveTagsIn(seen)];
  const isWanted = ({ pkg }: LiveTag) => wanted.get(pathOf(pkg))?.digest === pkg.digest;
  const there = new Set(live.filter(isWanted).map(({ pkg }) => pathOf(pkg)));
  const coming = [...wanted].filter(([path]) => !there.has(path)).map(([, pkg]) => pkg);
  return { coming, going: live.filter((tag) => !isWanted(tag)) };
}

async function follow(work: Work, start: Start, { coming, going }: RollbackPlan, options: ChangeOptions) {
  const isFree = (pkg: PackageRecord) => rivalsOf(start.before.live, pkg).length === 0;
  const free = coming.filter(isFree);
  const own = await putBack(work, free);
  const claimed = claimOf(work, start, own);
  if (going.length === 0) await claimed();
  else await removeBeside(work, { own, going, claimed }, options);
  const others = coming.filter((pkg) => !isFree(pkg));
  if (others.length === 0) return;
  const freed = await begin(work);
  await claimOf(work, freed, await putBack(work, others))();
}

/** Where the removal is refused, what was put for this change is taken back. */
async function removeBeside(
  work: Work,
  change: Pick<RollbackPlan, 'going'> & { readonly own: readonly LiveTag[]; readonly claimed: () => Promise<void> },
  options: ChangeOptions,
): Promise<void> {
  const joined: Promise<void>[] = [];
  const beside = () => {
    const claimed = change.claimed();
    joined.push(claimed);
    return claimed;
  };
  try {
    await removeAll(work, change.going, { keeping: keepingOf(work, 'deleted', options), isExact: true, beside });
  } catch (error) {
    const bury = ({ tag }: LiveTag) => work.burial.bury(work.image, tag, 'withdrawn', work.time.undoing());
    // Others may have built on what is claimed already: that ends by itself.
    if (joined.length === 0) await Promise.allSettled(change.own.map(bury));
    throw error;
  }
}

async function putBack(work: Work, packages: readonly PackageRecord[]): Promise<readonly LiveTag[]> {
  if (packages.length === 0) return [];
  await work.time.until(work.signingKeys.ofImageForWriting(work.image, work.time.call()));
  const restoredBy = work.caller.name ?? '';
  return await putRecords(
    work,
    packages.map((pkg) => ({ ...pkg, provenance: packageProvenance({ ...pkg.provenance, restoredBy }) })),
    { prove: () => proveBytes(work, packages) },
  );
}

function claimOf(work: Work, start: Start, own: readonly LiveTag[]): () => Promise<void> {
  return async () => {
    if (own.length === 0) return;
    const claim = createClaim(work, { image: work.image, own, scope: scopeOfTags(own), ...start });
    await work.loop.join(claim, work.time);
  };
}
