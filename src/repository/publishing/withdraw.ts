import { NOARCH } from '../../apk/architectures.ts';
import { GatewayError } from '../../errors.ts';
import type { ImageStore } from '../../store/store.ts';
import type { Burial } from './burial.ts';

import { findFile } from '../index/index-content.ts';
import type { LiveTag } from '../live/live-set.ts';
import { EVERY, type Look, type Scope } from '../live/look.ts';
import { createMending, type Participant } from './participant.ts';
import type { PublishLoop } from './publish-loop.ts';

/** Everything a deletion needs of one repository and one caller. */
export interface WithdrawContext {
  readonly image: ImageStore;
  readonly burial: Burial;
  readonly loop: PublishLoop;
  readonly look: (scope: Scope) => Promise<Look>;
}

/**
 * Deletes a file in one architecture, or in each that has it, with all its twins; resolves with those architectures once no
 * index lists it. Throws PACKAGE_UNKNOWN where there is nothing to delete.
 */
export async function withdrawFile(
  context: WithdrawContext,
  file: { readonly architecture: string | undefined; readonly fileName: string },
): Promise<readonly string[]> {
  const { architecture, fileName } = file;
  const named = architecture === undefined ? [] : [architecture];
  const seen = await context.look(architecture === undefined || architecture === NOARCH ? [...named, EVERY] : named);
  const there = seen.live.named(fileName);
  const targets = there.filter(({ pkg }) => architecture === undefined || pkg.architecture === architecture);
  if (targets.length === 0) {
    await unlist(context, seen, fileName);
    throw unknownFile(file, there);
  }
  for (const { tag } of targets) await context.burial.remove(context.image, tag);
  const architectures = [...new Set(targets.map(({ pkg }) => pkg.architecture))];
  const removed = targets.map(({ tag }) => tag);
  await context.loop.join(createRemoval(context, { fileName, architectures, removed }));
  return architectures;
}

/**
 * A deletion whose first tags were removed: done once no index lists them and a look shows no other of that file. What is pushed
 * meanwhile is removed too: the deletion isn't over, so it may as well have come after that push.
 */
function createRemoval(
  { image, burial }: WithdrawContext,
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
        await burial.remove(image, tag);
        removed.add(tag);
      }
      const isListed = [...removed].some((tag) => look.architectures.some((one) => look.mayList(one, tag)));
      return left.length > 0 || isListed ? 'publish' : 'done';
    },
    abandon: () => Promise.resolve(),
  };
}

/** A deletion that died half-way left a file listed that is gone: it is tried again, and ends here. */
async function unlist({ image, loop }: WithdrawContext, seen: Look, fileName: string): Promise<void> {
  const scope = seen.architectures.filter((architecture) => {
    const content = seen.stored.get(architecture)?.content;
    return content !== undefined && findFile(content, fileName) !== undefined && !seen.isCovered(architecture);
  });
  if (scope.length > 0) await loop.join(createMending(image, scope));
}

/** PACKAGE_UNKNOWN, with a hint where a noarch package has that name. */
export function unknownFile(
  { architecture, fileName }: { readonly architecture: string | undefined; readonly fileName: string },
  there: readonly LiveTag[],
): GatewayError {
  const isNoarch = there.some(({ pkg }) => pkg.architecture === NOARCH);
  const where = architecture === undefined ? 'in any architecture' : `in ${architecture}`;
  const hint = isNoarch ? `; it is a noarch package, to be deleted as ${NOARCH}/${fileName}` : '';
  return new GatewayError('PACKAGE_UNKNOWN', `there is no ${fileName} ${where}${hint}`, {
    details: { file: fileName },
  });
}
