import { NOARCH } from '../../apk/architectures.ts';
import { findFile } from '../index/index-content.ts';
import { EVERY, type Look } from '../live/look.ts';
import { createMending } from '../publishing/participant.ts';
import { unknownFile } from '../publishing/refusals.ts';
import { removeAll } from './removal.ts';
import type { Work } from './work.ts';

/**
 * Deletes a file in one architecture, or in each that has it, with all its twins; resolves with those architectures once no
 * index lists it. Throws PACKAGE_UNKNOWN where there is nothing to delete.
 */
export async function withdrawFile(
  work: Work,
  file: { readonly architecture: string | undefined; readonly fileName: string },
): Promise<readonly string[]> {
  const { architecture, fileName } = file;
  const named = architecture === undefined ? [] : [architecture];
  const seen = await work.look(architecture === undefined || architecture === NOARCH ? [...named, EVERY] : named);
  const there = seen.live.named(fileName);
  const targets = there.filter(({ pkg }) => architecture === undefined || pkg.architecture === architecture);
  if (targets.length === 0) {
    await unlist(work, seen, fileName);
    throw unknownFile(file, there);
  }
  await removeAll(work, targets);
  return [...new Set(targets.map(({ pkg }) => pkg.architecture))];
}

/** A deletion that died half-way left a file listed that is gone: it is tried again, and ends here. */
async function unlist({ image, loop, time }: Work, seen: Look, fileName: string): Promise<void> {
  const scope = seen.architectures.filter((architecture) => {
    const content = seen.stored.get(architecture)?.content;
    return content !== undefined && findFile(content, fileName) !== undefined && !seen.isCovered(architecture);
  });
  if (scope.length > 0) await loop.join(createMending(image, scope), time);
}
