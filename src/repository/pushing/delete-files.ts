import { pathOf, type PackageRecord } from '../artifacts/package-manifest.ts';
import type { LiveTag } from '../live/live-set.ts';
import { EVERY, type Look } from '../live/look.ts';
import { unknownFile } from '../publishing/refusals.ts';
import type { Change, ChangeOptions, Selection } from '../service/lifecycle.ts';
import { changed, missingInAll, nothingSelected, packagesOf } from './change-answer.ts';
import { keepingOf, selectGone, selectKept } from './kept-selection.ts';
import { removeAll } from './removal.ts';
import { ghostsIn, liveTagsIn, scopeOfSelection, select, type Selected } from './selection.ts';
import type { Work } from './work.ts';

/**
 * Deletes all that is selected, twins included, in one change of the index; what was withdrawn is gone then, and with `isNow`
 * what was deleted before. What tombstones tell to be gone already is `unchanged`. Throws PACKAGE_UNKNOWN where nothing of it is
 * there, or was.
 */
export async function deleteFiles(work: Work, selection: Selection, options: ChangeOptions = {}): Promise<Change> {
  const seen = await work.look(scopeOfSelection(selection));
  const deleted = await deleteSelected(work, seen, selection, options);
  const gone = await selectGone(work, seen, among(selection, deleted.missing));
  const packages = [...deleted.found.map((pkg) => changed(pkg, 'deleted')), ...gone.found];
  if (packages.length === 0) throw nothingSelected(gone.missing, work.at);
  return { isDryRun: options.isDryRun ?? false, packages, missing: gone.missing, notes: [] };
}

/**
 * Deletes a file in one architecture, or in each that has it, with all its twins; resolves with those architectures once no
 * index lists it. Throws PACKAGE_UNKNOWN where there is nothing to delete.
 */
export async function deleteFile(
  work: Work,
  file: { readonly architecture: string | undefined; readonly fileName: string },
  options: ChangeOptions = {},
): Promise<readonly string[]> {
  const { architecture, fileName } = file;
  const path = architecture === undefined ? fileName : `${architecture}/${fileName}`;
  // No file's name has a star: it would stand for others.
  if (path.includes('*')) throw unknownFile(file, []);
  const selection = { files: [path] };
  const seen = await work.look(scopeOfSelection(selection));
  const { found } = await deleteSelected(work, seen, selection, options);
  if (found.length === 0) throw unknownFile(file, seen.live.named(fileName));
  return [...new Set(found.map((pkg) => pkg.architecture))];
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
  const isMeant = ({ pkg }: LiveTag) => digests.get(pathOf(pkg)) === pkg.digest;
  const seen = await work.look([EVERY]);
  const there = [...liveTagsIn(seen)].filter(({ pkg }) => digests.has(pathOf(pkg)));
  const targets = there.filter(isMeant);
  const ghosts = ghostsIn(seen).filter(isMeant);
  await removeAll(work, targets, { keeping: keepingOf(work, 'deleted', options), gone: ghosts, isExact: true });
  const found = new Set(targets.map(({ pkg }) => pathOf(pkg)));
  const named = new Set(there.map(({ pkg }) => pathOf(pkg)));
  const left = chosen.filter((one) => !found.has(pathOf(one)));
  return {
    gone: left.filter((one) => !named.has(pathOf(one))),
    replaced: left.filter((one) => named.has(pathOf(one))),
  };
}

/** The part of a selection that these texts are. */
function among({ files = [], names = [] }: Selection, texts: readonly string[]): Selection {
  const wanted = new Set(texts);
  return { files: files.filter((file) => wanted.has(file)), names: names.filter((name) => wanted.has(name)) };
}

async function deleteSelected(
  work: Work,
  seen: Look,
  selection: Selection,
  options: ChangeOptions,
): Promise<Selected<PackageRecord>> {
  const live = select(liveTagsIn(seen), ({ pkg }) => pkg, selection);
  // What was deleted before is there for those alone who want its bytes gone.
  const kept = await selectKept(work, seen, selection, options.isNow === true ? ['kept', 'withdrawn'] : ['withdrawn']);
  if (options.isDryRun !== true) {
    const gone = select(ghostsIn(seen), ({ pkg }) => pkg, selection).found;
    const keeping = keepingOf(work, 'deleted', options);
    await removeAll(work, live.found, { keeping, ended: kept.found, gone, isNow: options.isNow });
  }
  return { found: packagesOf([...live.found, ...kept.found]), missing: missingInAll(live, kept) };
}
