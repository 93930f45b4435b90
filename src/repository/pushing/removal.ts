import { NOARCH } from '../../apk/architectures.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import type { LiveTag } from '../live/live-set.ts';
import { EVERY, type Look, type Scope } from '../live/look.ts';
import type { Participant } from '../publishing/participant.ts';
import type { Work } from './work.ts';

/** Tags that are removed at a time. */
const concurrency = 8;

/**
 * Removes live tags and resolves once no index lists them, nor any other tag of those files. The first goes alone: where the
 * caller may not delete, nothing else is touched.
 */
export async function removeAll(work: Work, targets: readonly LiveTag[]): Promise<void> {
  const [first, ...others] = targets;
  if (first === undefined) return;
  const remove = async ({ tag }: LiveTag) => {
    await work.burial.remove(work.image, tag, work.time.call());
    // However many there are: the registry is at work as long as it answers.
    work.time.renew();
  };
  await remove(first);
  await inParallel(others, concurrency, remove);
  await work.loop.join(createRemoval(work, targets), work.time);
}

/** The architectures whose index a change of these packages concerns: for noarch all that there are. */
export function scopeOfTags(targets: readonly LiveTag[]): Scope {
  const architectures = [...new Set(targets.map(({ pkg }) => pkg.architecture))];
  return architectures.includes(NOARCH) ? [...architectures, EVERY] : architectures;
}

/**
 * A deletion whose first tags were removed: done once no index lists them and a look shows no other of those files. What is
 * pushed meanwhile is removed too: the deletion isn't over, so it may as well have come after that push.
 */
function createRemoval({ image, burial, time }: Work, targets: readonly LiveTag[]): Participant {
  const removed = new Set(targets.map(({ tag }) => tag));
  const files = new Map<string, Set<string>>();
  for (const { pkg } of targets) {
    const architectures = files.get(pkg.fileName) ?? new Set();
    files.set(pkg.fileName, architectures.add(pkg.architecture));
  }
  const leftIn = ({ live }: Look) =>
    [...files].flatMap(([fileName, architectures]) =>
      live.named(fileName).filter(({ pkg }) => architectures.has(pkg.architecture)),
    );
  return {
    image,
    scope: scopeOfTags(targets),
    async settle(look) {
      const left = leftIn(look);
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
