import { NOARCH } from '../../apk/architectures.ts';
import { findFile } from '../index/index-content.ts';
import { EVERY, type Look } from '../live/look.ts';
import { createMending, type Participant } from '../publishing/participant.ts';
import { unknownFile } from '../publishing/refusals.ts';
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
  for (const { tag } of targets) await work.burial.remove(work.image, tag, work.time.call());
  const architectures = [...new Set(targets.map(({ pkg }) => pkg.architecture))];
  const removed = targets.map(({ tag }) => tag);
  await work.loop.join(createRemoval(work, { fileName, architectures, removed }), work.time);
  return architectures;
}

/**
 * A deletion whose first tags were removed: done once no index lists them and a look shows no other of that file. What is pushed
 * meanwhile is removed too: the deletion isn't over, so it may as well have come after that push.
 */
function createRemoval(
  { image, burial, time }: Work,
  file: { readonly fileName: string; readonly architectures: readonly string[]; readonly removed: readonly string[] },
): Participant {
  const { fileName, architectures } = file;
  const removed = new Set(file.removed);
  return {
    image,
    scope: architectures.includes(NOARCH) ? [...architectures, EVERY] : architectures,
    async settle(look) {
      const left = look.live.named(fileName).filter(({ pkg }) => architectures.includes(pkg.architecture));
      for (const { tag } of left) {
        await burial.remove(image, tag, time.call());
        removed.add(tag);
      }
      const isListed = [...removed].some((tag) => look.architectures.some((one) => look.mayList(one, tag)));
      return left.length > 0 || isListed ? 'publish' : 'done';
    },
    abandon: () => Promise.resolve(),
  };
}

/** A deletion that died half-way left a file listed that is gone: it is tried again, and ends here. */
async function unlist({ image, loop, time }: Work, seen: Look, fileName: string): Promise<void> {
  const scope = seen.architectures.filter((architecture) => {
    const content = seen.stored.get(architecture)?.content;
    return content !== undefined && findFile(content, fileName) !== undefined && !seen.isCovered(architecture);
  });
  if (scope.length > 0) await loop.join(createMending(image, scope), time);
}
