import type { KeptPackage } from '../artifacts/kept-package.ts';
import { contentKeyOf } from '../artifacts/package-tag.ts';
import { isBarred } from '../keeping/bars.ts';
import { isEnded, readAllKept } from '../keeping/kept-packages.ts';
import type { LiveTag } from '../live/live-set.ts';
import type { Look } from '../live/look.ts';
import { haveHeldTwins } from '../live/pushed-files.ts';
import { createClaim, type Push } from '../publishing/claim.ts';
import { withdrawnMeanwhile } from '../publishing/refusals.ts';
import type { Change, ChangeOptions, Selection } from '../service/lifecycle.ts';
import { changed, missingInAll, nothingSelected, packagesOf } from './change-answer.ts';
import { endKeeping, selectKept } from './kept-selection.ts';
import { foresee, isTwin, mend } from './known-files.ts';
import { putRecords } from './put-records.ts';
import { scopeOfTags } from './removal.ts';
import { liveTagsIn, scopeOfSelection, select, type Selected } from './selection.ts';
import type { Work } from './work.ts';

/**
 * Lists withdrawn packages again under fresh tags of the same bytes, claimed as a push is: all or none. What is listed already is
 * unchanged. Throws PACKAGE_UNKNOWN where nothing of the selection is there, PACKAGE_EXISTS where other bytes have a name.
 */
export async function restoreFiles(
  work: Work,
  selection: Selection,
  { isDryRun = false }: ChangeOptions = {},
): Promise<Change> {
  const began = { ms: work.clock.monotonicMs(), at: work.stamp() };
  const before = await work.look(scopeOfSelection(selection));
  const kept = await selectRestorable(work, before, selection);
  const live = select(liveTagsIn(before), ({ pkg }) => pkg, selection);
  const missing = missingInAll(kept, live);
  if (kept.found.length + live.found.length === 0) throw nothingSelected(missing, work.at);
  const there = kept.found.length > 0 ? select(live.found, ({ pkg }) => pkg, whole(selection)).found : live.found;
  const wanted = packagesOf([...newestOfEachName(kept.found), ...there]).map((pkg) => ({ pkg }));
  const { fresh, unchanged } = foresee(before, wanted);
  if (!isDryRun && unchanged.length > 0) await mend(work, before, scopeOfTags(unchanged));
  if (!isDryRun && fresh.length > 0) {
    await work.time.until(work.signingKeys.ofImageForWriting(work.image, work.time.call()));
    const restoredBy = work.caller.name ?? '';
    const records = fresh.map(({ pkg }) => ({ ...pkg, provenance: { ...pkg.provenance, restoredBy } }));
    const own = await putRecords(work, records);
    const refuse = refuseEnded(work, kept.found, own);
    const claim = createClaim(work, { image: work.image, own, scope: scopeOfTags(own), before, began, refuse });
    await work.loop.join(claim, work.time);
    await forget(work, kept.found);
  }
  const packages = [
    ...fresh.map(({ pkg }) => changed(pkg, 'restored')),
    ...unchanged.map(({ pkg }) => changed(pkg, 'unchanged')),
  ];
  return { isDryRun, packages, missing, notes: [] };
}

/**
 * Whoever deletes what is kept ends that before they look for what lives: who restores it and finds it kept after their put is
 * seen by them. Others may have restored it too, and it is theirs to tell: only what they hold, since they may be waiting for this one.
 */
function refuseEnded(
  { image, time }: Work,
  kept: readonly KeptPackage[],
  own: readonly LiveTag[],
): Required<Push>['refuse'] {
  return async (look, isPatient) => {
    const alone = own.filter((one) => !haveHeldTwins(look, [one]));
    const contents = new Set(alone.map(({ tag }) => contentKeyOf(tag)));
    const tags = kept.map(({ tag }) => tag).filter((tag) => contents.has(contentKeyOf(tag)));
    for (const one of await readAllKept(image, tags, time.call())) {
      const isOver = isEnded(one) || (one.keeping.why === 'deleted' && (await isBarred(image, one.tag, time.call())));
      if (!isOver) contents.delete(contentKeyOf(one.tag));
    }
    const lost = alone.filter(({ tag }) => contents.has(contentKeyOf(tag)));
    if (lost.length === 0) return undefined;
    return isPatient && lost.every((one) => hasTwin(look, one)) ? 'unsure' : withdrawnMeanwhile(lost);
  };
}

function hasTwin({ live }: Look, { tag, pkg }: LiveTag): boolean {
  return live.named(pkg.fileName).some((other) => other.tag !== tag && isTwin(other.pkg, pkg));
}

/** What was withdrawn, and of files that are named whole what was deleted. */
async function selectRestorable(work: Work, seen: Look, selection: Selection): Promise<Selected<KeptPackage>> {
  const withdrawn = await selectKept(work, seen, selection, ['withdrawn']);
  const deleted = await selectKept(work, seen, { files: whole({ files: withdrawn.missing }).files }, ['kept']);
  const found = [...withdrawn.found, ...deleted.found];
  return { found, missing: withdrawn.missing.filter((one) => isPattern(one) || deleted.missing.includes(one)) };
}

function whole({ files = [] }: Selection): Selection {
  return { files: files.filter((file) => !isPattern(file)) };
}

function isPattern(file: string): boolean {
  return file.includes('*');
}

/** Of several contents under one name the one that left last comes back. */
function newestOfEachName(kept: readonly KeptPackage[]): readonly KeptPackage[] {
  const newest = new Map<string, KeptPackage>();
  for (const one of kept) {
    const path = `${one.pkg.architecture}/${one.pkg.fileName}`;
    const known = newest.get(path);
    if (known === undefined || one.keeping.at > known.keeping.at) newest.set(path, one);
  }
  return [...newest.values()];
}

/** Void by now: only lists get longer where somebody who may not delete restores. */
async function forget(work: Work, kept: readonly KeptPackage[]): Promise<void> {
  await endKeeping(work, kept).catch((error: unknown) => {
    work.log.debug({ ...work.at, err: error }, 'what a restored package was kept by could not be removed');
  });
}
