import type { IndexContent } from './index-content.ts';
import type { IndexRun } from './index-run.ts';
import type { StoredIndex } from './stored-index.ts';

/**
 * Which runs of an index its manifest is to hold itself: such a one costs no request beside the manifest, while each layer costs
 * two. Those that have just changed go before those that changed earlier, and none that the store has as layers is among them:
 * what falls out becomes layers, once. In all at most `maxBytes`, none larger than half of that.
 */
export function inlineRuns(
  content: IndexContent,
  before: StoredIndex | undefined,
  maxBytes: number,
): ReadonlySet<IndexRun> {
  const known = new Set(before?.content?.runs);
  const isStored = ({ part, details }: IndexRun) =>
    before !== undefined && before.blobs.has(part.digest) && before.blobs.has(details.digest);
  const candidates = content.runs
    .filter((run) => !isStored(run) && bytesOf(run) <= maxBytes / 2)
    .sort((a, b) => Number(known.has(a)) - Number(known.has(b)) || bytesOf(a) - bytesOf(b));
  const inline = new Set<IndexRun>();
  let bytes = 0;
  for (const run of candidates) {
    bytes += bytesOf(run);
    if (bytes > maxBytes) return inline;
    inline.add(run);
  }
  return inline;
}

function bytesOf({ part, details }: IndexRun): number {
  return part.bytes.length + details.bytes.length;
}
