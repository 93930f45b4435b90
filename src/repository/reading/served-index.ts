import type { IndexView } from './index-view.ts';
import type { SignedIndex } from '../repository.ts';

/** Last-Modified is sent once so much time has passed since the put that no later one can share its second. */
const settledMs = 60_000;

/** The index as it goes out, made once for each view: whoever formats headers by it can tell that it is the same. */
export function createSignedIndexes(): (view: IndexView, isStale: boolean) => SignedIndex {
  const fresh = new WeakMap<IndexView, SignedIndex>();
  const make = (view: IndexView, isStale: boolean): SignedIndex => {
    const { bytes, etag, count, isUnverified } = view;
    return { bytes, etag, count, isUnverified, isStale, lastModified: lastModifiedOf(view) };
  };
  return (view, isStale) => {
    const known = isStale ? undefined : fresh.get(view);
    if (known !== undefined) return known;
    const index = make(view, isStale);
    if (!isStale) fresh.set(view, index);
    return index;
  };
}

function lastModifiedOf({ createdMs, comparedAtMs }: IndexView): Date | undefined {
  if (createdMs === undefined || comparedAtMs - createdMs < settledMs) return undefined;
  return new Date(Math.floor(createdMs / 1000) * 1000);
}
