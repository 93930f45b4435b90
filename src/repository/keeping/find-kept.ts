import type { Stamp } from '../../time/stamps.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { KeptPackage } from '../artifacts/kept-package.ts';
import { mayBear, tagStamp } from '../artifacts/package-tag.ts';
import { isBarred } from './bars.ts';
import { readAllKept } from './kept-packages.ts';

/** Tags of one file that are asked for at a time, the youngest first, and in all: long names look alike in tags. */
const askedAtOnce = 8;
const maxAsked = 128;

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
  for (let at = 0; at < Math.min(candidates.length, maxAsked); at += askedAtOnce) {
    const kept = await readAllKept(image, candidates.slice(at, at + askedAtOnce), call);
    const fetchable = kept
      .filter(({ pkg, keeping }) => pkg.fileName === fileName && (keeping.fetchableUntil ?? 0) > now)
      .toSorted((a, b) => b.keeping.at - a.keeping.at);
    for (const one of fetchable) if (!(await isBarred(image, one.tag, call))) return one;
  }
  return undefined;
}
