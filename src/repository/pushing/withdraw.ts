import { NOARCH } from '../../apk/architectures.ts';
import { EVERY } from '../live/look.ts';
import { unknownFile } from '../publishing/refusals.ts';
import type { ChangeOptions } from '../service/lifecycle.ts';
import { kindsFor, unlist } from './delete-files.ts';
import { keepingOf, selectKept } from './kept-selection.ts';
import { endKeeping, removeAll } from './removal.ts';
import type { Work } from './work.ts';

/**
 * Deletes a file in one architecture, or in each that has it, with all its twins; resolves with those architectures once no
 * index lists it. Throws PACKAGE_UNKNOWN where there is nothing to delete.
 */
export async function withdrawFile(
  work: Work,
  file: { readonly architecture: string | undefined; readonly fileName: string },
  options: ChangeOptions = {},
): Promise<readonly string[]> {
  const { architecture, fileName } = file;
  const named = architecture === undefined ? [] : [architecture];
  const seen = await work.look(architecture === undefined || architecture === NOARCH ? [...named, EVERY] : named);
  const there = seen.live.named(fileName);
  const targets = there.filter(({ pkg }) => architecture === undefined || pkg.architecture === architecture);
  const selection = { files: [[...named, fileName].join('/')] };
  // No file's name has a star: it would stand for others.
  const kept = fileName.includes('*') ? [] : (await selectKept(work, seen, selection, kindsFor(options))).found;
  if (targets.length + kept.length === 0) {
    await unlist(work, seen, [fileName]);
    throw unknownFile(file, there);
  }
  await removeAll(work, targets, { keeping: keepingOf(work, 'deleted', options) });
  await endKeeping(work, kept);
  return [...new Set([...targets, ...kept].map(({ pkg }) => pkg.architecture))];
}
