import { tagStamp } from '../artifacts/package-tag.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';
import { EVERY, type Look } from '../live/look.ts';
import { unknownRepository } from '../publishing/refusals.ts';
import { changed } from '../pushing/change-answer.ts';
import { deleteChosen } from '../pushing/delete-files.ts';
import type { Work } from '../pushing/work.ts';
import type { Change, ChangeOptions } from '../service/lifecycle.ts';
import type { PruningPolicy } from '../service/retention.ts';
import { planPruning, type PruningVerdict } from './pruning-plan.ts';

interface Listed {
  readonly file: IndexedPackage;
  readonly architecture: string;
  readonly fileName: string;
  readonly entry: IndexedPackage['pkg']['entry'];
  readonly pushedMs: number;
}

/** Deletes what a policy lets go in one change of the index, or with `isDryRun` only tells what that is. */
export async function prune(work: Work, policy: PruningPolicy, options: ChangeOptions = {}): Promise<Change> {
  const seen = await work.look([EVERY]);
  const indexes = indexesOf(seen);
  if (indexes.every((files) => files.length === 0)) throw unknownRepository(work.at);
  const plan = planPruning(indexes, policy, work.stamp());
  const going = plan.filter(({ goes }) => goes);
  const chosen = going.map(({ pkg }) => pkg.file.pkg);
  const { isDryRun = false } = options;
  const spared = isDryRun ? { gone: [], replaced: [] } : await deleteChosen(work, chosen, options);
  const [gone, replaced] = [new Set(spared.gone), new Set(spared.replaced)];
  const count = new Set(indexes.flat().map(({ architecture, fileName }) => `${architecture}/${fileName}`)).size;
  const toldOf = ({ pkg: { file }, goes, why }: PruningVerdict<Listed>) => {
    if (replaced.has(file.pkg)) return changed(file.pkg, 'kept', 'other bytes have its name by now');
    if (gone.has(file.pkg)) return changed(file.pkg, 'unchanged', 'somebody else took it away meanwhile');
    return changed(file.pkg, goes ? 'deleted' : 'kept', why);
  };
  const stays = count - going.length + replaced.size;
  return { isDryRun, packages: plan.map(toldOf), missing: [], notes: [`${stays} of ${count} packages stay`] };
}

/** What the index of each architecture lists, noarch's own among them. */
function indexesOf(seen: Look): readonly (readonly Listed[])[] {
  return seen.architectures.map((architecture) => seen.target(architecture).files.map(listed));
}

function listed(file: IndexedPackage): Listed {
  const { architecture, fileName, entry } = file.pkg;
  return { file, architecture, fileName, entry, pushedMs: Math.max(...file.tags.map(tagStamp)) };
}
