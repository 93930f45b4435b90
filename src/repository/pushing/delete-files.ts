import { findFile } from '../index/index-content.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import { EVERY, type Look } from '../live/look.ts';
import { createMending } from '../publishing/participant.ts';
import type { Change, ChangeOptions, Selection } from '../service/lifecycle.ts';
import { changed, missingInAll, nothingSelected, packagesOf } from './change-answer.ts';
import { keepingOf, selectKept } from './kept-selection.ts';
import { endKeeping, removeAll } from './removal.ts';
import { liveTagsIn, scopeOfSelection, select } from './selection.ts';
import type { Work } from './work.ts';

/**
 * Deletes all that is selected, twins included, in one change of the index; what was withdrawn is gone then, and with `isNow`
 * what was deleted before. Throws PACKAGE_UNKNOWN where nothing of it is there.
 */
export async function deleteFiles(work: Work, selection: Selection, options: ChangeOptions = {}): Promise<Change> {
  const seen = await work.look(scopeOfSelection(selection));
  const { isDryRun = false } = options;
  const live = select(liveTagsIn(seen), ({ pkg }) => pkg, selection);
  const kept = await selectKept(work, seen, selection, kindsFor(options));
  const missing = missingInAll(live, kept);
  if (!isDryRun) {
    await removeAll(work, live.found, { keeping: keepingOf(work, 'deleted', options) });
    await endKeeping(work, kept.found);
    await unlistMissing(work, seen, missing);
  }
  const packages = packagesOf([...live.found, ...kept.found]);
  if (packages.length === 0) throw nothingSelected(missing);
  return { isDryRun, packages: packages.map((pkg) => changed(pkg, 'deleted')), missing, notes: [] };
}

/** One content under one name, as somebody has seen it. */
export type ChosenPackage = Pick<PackageRecord, 'architecture' | 'fileName' | 'digest'>;

/** What came of chosen packages that weren't deleted. */
export interface Spared<T> {
  /** Others took them out of the index before. */
  readonly gone: readonly T[];
  /** The same, and other bytes have the name by now: those stay. */
  readonly replaced: readonly T[];
}

/**
 * Deletes packages that were chosen by what a look has shown, twins included, in one change of the index: these bytes alone,
 * whatever has their names by now, and nothing of what somebody withdrew since.
 */
export async function deleteChosen<T extends ChosenPackage>(
  work: Work,
  chosen: readonly T[],
  options: ChangeOptions = {},
): Promise<Spared<T>> {
  const digests = new Map(chosen.map((one) => [pathOf(one), one.digest]));
  const isMeant = (pkg: ChosenPackage) => digests.get(pathOf(pkg)) === pkg.digest;
  const seen = await work.look([EVERY]);
  const there = [...liveTagsIn(seen)].filter(({ pkg }) => digests.has(pathOf(pkg)));
  const targets = there.filter(({ pkg }) => isMeant(pkg));
  await removeAll(work, targets, { keeping: keepingOf(work, 'deleted', options), isMeant });
  const found = new Set(targets.map(({ pkg }) => pathOf(pkg)));
  const named = new Set(there.map(({ pkg }) => pathOf(pkg)));
  const left = chosen.filter((one) => !found.has(pathOf(one)));
  const gone = left.filter((one) => !named.has(pathOf(one)));
  await unlist(
    work,
    seen,
    gone.map(({ fileName }) => fileName),
  );
  return { gone, replaced: left.filter((one) => named.has(pathOf(one))) };
}

/** What was deleted before is there for those alone who want its bytes gone. */
export function kindsFor({ isNow = false }: ChangeOptions): readonly ('kept' | 'withdrawn')[] {
  return isNow ? ['kept', 'withdrawn'] : ['withdrawn'];
}

/** A deletion that died half-way left files listed that are gone: it is tried again, and ends here. */
async function unlistMissing(work: Work, seen: Look, missing: readonly string[]): Promise<void> {
  await unlist(
    work,
    seen,
    missing.filter((one) => !one.includes('*')).map((file) => file.slice(file.lastIndexOf('/') + 1)),
  );
}

/** Has the indexes put again that still list one of these files, of which nothing lives: a removal died half-way. */
export async function unlist({ image, loop, time }: Work, seen: Look, fileNames: readonly string[]): Promise<void> {
  const scope = seen.architectures.filter((architecture) => {
    const content = seen.stored.get(architecture)?.content;
    const isListed = content !== undefined && fileNames.some((name) => findFile(content, name) !== undefined);
    return isListed && !seen.isCovered(architecture);
  });
  if (scope.length > 0) await loop.join(createMending(image, scope), time);
}

function pathOf({ architecture, fileName }: ChosenPackage): string {
  return `${architecture}/${fileName}`;
}
