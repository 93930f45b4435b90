import type { Stamp } from '../../time/stamps.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { KeptPackage } from '../artifacts/kept-package.ts';
import { mayBear, tagStamp } from '../artifacts/package-tag.ts';
import { readAllKept } from './kept-packages.ts';

/** The most tags of one file that are asked for: the youngest ones. */
const maxAsked = 8;

/**
 * What was deleted or withdrawn under a file name and can still be fetched, of these tags; the one that left last. Each is read
 * anew, since it may have been ended; where no tag may be of that name nothing is asked.
 */
export async function findKept(
  image: ImageStore,
  tags: readonly string[],
  fileName: string,
  now: Stamp,
  call: CallOptions = {},
): Promise<KeptPackage | undefined> {
  const candidates = tags.filter((tag) => mayBear(tag, fileName)).toSorted((a, b) => tagStamp(b) - tagStamp(a));
  if (candidates.length === 0) return undefined;
  const kept = await readAllKept(image, candidates.slice(0, maxAsked), call);
  const [last] = kept
    .filter(({ pkg, keeping }) => pkg.fileName === fileName && (keeping.fetchableUntil ?? 0) > now)
    .toSorted((a, b) => b.keeping.at - a.keeping.at);
  return last;
}
