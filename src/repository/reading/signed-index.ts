import { oncePerObject } from '../../concurrency/once-per-object.ts';
import type { SignedIndex } from '../service/reading.ts';
import type { Served } from './index-serving.ts';
import type { IndexView } from './index-view.ts';

/** The index as it goes out, made once for each view and mark: whoever formats headers by it can tell that it is the same. */
export function createSignedIndexes(): (served: Served) => SignedIndex {
  const known = oncePerObject<IndexView, Map<number, SignedIndex>>(() => new Map());
  return ({ view, isStale, lagMs }) => {
    const lagSeconds = Math.ceil(lagMs / 1000);
    const mark = isStale ? -1 : lagSeconds;
    const marked = known(view);
    const made = marked.get(mark);
    if (made !== undefined) return made;
    const { bytes, etag, count, isUnverified, lastModified } = view;
    const index = { bytes, etag, count, isUnverified, isStale, lastModified, lagSeconds };
    marked.set(mark, index);
    return index;
  };
}
