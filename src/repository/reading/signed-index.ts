import { oncePerObject } from '../../concurrency/once-per-object.ts';
import type { SignedIndex } from '../service/reading.ts';
import type { Served } from '../views/index-serving.ts';
import type { IndexView } from '../views/index-view.ts';

/** What is said of an index of either format. */
type ShownView = Pick<IndexView, 'bytes' | 'etag' | 'count' | 'isUnverified' | 'lastModified'>;

/** The index as it goes out, made once for each view and mark: whoever formats headers by it can tell that it is the same. */
export function createSignedIndexes(
  format: SignedIndex['format'],
): (served: Omit<Served, 'view'> & { readonly view: ShownView }) => SignedIndex {
  const known = oncePerObject<ShownView, Map<number, SignedIndex>>(() => new Map());
  return ({ view, isStale, lagMs }) => {
    const lagSeconds = Math.ceil(lagMs / 1000);
    const mark = isStale ? -1 : lagSeconds;
    const marked = known(view);
    const made = marked.get(mark);
    if (made !== undefined) return made;
    const { bytes, etag, count, isUnverified, lastModified } = view;
    const index = { format, bytes, etag, count, isUnverified, isStale, lastModified, lagSeconds };
    marked.set(mark, index);
    return index;
  };
}
