import { putKept } from '../keeping/kept-packages.ts';
import type { Change, ChangeOptions, Selection } from '../service/lifecycle.ts';
import { changed, missingInAll, nothingSelected, packagesOf } from './change-answer.ts';
import { barAll, keepingOf, selectKept } from './kept-selection.ts';
import { removeAll } from './removal.ts';
import { ghostsIn, liveTagsIn, scopeOfSelection, select } from './selection.ts';
import type { Work } from './work.ts';

/**
 * Takes all that is selected out of the index until it is restored. What was withdrawn before stays so; with `isNow` its bytes
 * can't be fetched from now on. Throws PACKAGE_UNKNOWN where nothing of it is there, or its bytes are gone.
 */
export async function withdrawFiles(work: Work, selection: Selection, options: ChangeOptions = {}): Promise<Change> {
  const { isDryRun = false, isNow = false } = options;
  const seen = await work.look(scopeOfSelection(selection));
  const live = select(liveTagsIn(seen), ({ pkg }) => pkg, selection);
  const before = await selectKept(work, seen, selection, ['withdrawn']);
  const missing = missingInAll(live, before);
  if (live.found.length + before.found.length === 0) throw nothingSelected(missing, work.at);
  if (!isDryRun) {
    const gone = [...before.found, ...select(ghostsIn(seen), ({ pkg }) => pkg, selection).found];
    await removeAll(work, live.found, { keeping: keepingOf(work, 'withdrawn', options), gone, isNow });
    const open = before.found.filter(({ keeping }) => isNow && keeping.fetchableUntil !== undefined);
    await barAll(work, open);
    // Said there too, as far as tags may be replaced: listings tell of it.
    for (const kept of open) {
      const keeping = { ...kept.keeping, fetchableUntil: undefined };
      await putKept(work.artifacts, work.image, { ...kept, keeping }, work.time.call());
    }
  }
  const packages = [
    ...packagesOf(live.found).map((pkg) => changed(pkg, 'withdrawn')),
    ...packagesOf(before.found).map((pkg) => changed(pkg, 'unchanged')),
  ];
  return { isDryRun, packages, missing, notes: [] };
}
