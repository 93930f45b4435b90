/**
 * Where an index is cut into runs. The cuts follow from the set alone: a record begins a run where a hash of its key says
 * so, so that adding a package changes the run it falls into and no other, and so that every replica cuts alike.
 */
export interface Cuttable {
  /** 28 bits of a hash of the record's key. */
  readonly cutHash: number;
}

/** How many runs are aimed at, and how many there are at most. */
export interface RunCount {
  readonly wanted: number;
  readonly max: number;
}

/** Two layers a run and three more must stay under the 127 layers that old clients bear. */
const all: RunCount = { wanted: 40, max: 59 };
/** The same where packages of both formats share them. */
const half: RunCount = { wanted: 20, max: 29 };
/** Below this many records a run costs more as a layer than it saves as bytes. */
const minWidth = 64;

/** The runs that packages of one format may have beside those of the other, which are all of the rest. */
export function runsBeside(others: readonly Cuttable[]): RunCount {
  return others.length === 0 ? all : half;
}

/** `records`, which must be sorted, cut into runs whose mean length is near a power of two; no run is empty. */
export function cutRuns<T extends Cuttable>(records: readonly T[], count: RunCount = all): readonly (readonly T[])[] {
  let width = minWidth;
  while (width * count.wanted * Math.SQRT2 < records.length) width *= 2;
  let runs = cutAt(records, width);
  while (runs.length > count.max) {
    width *= 2;
    runs = cutAt(records, width);
  }
  return runs;
}

function cutAt<T extends Cuttable>(records: readonly T[], width: number): readonly (readonly T[])[] {
  const runs: (readonly T[])[] = [];
  let start = 0;
  for (const [i, record] of records.entries()) {
    // At least a quarter of the width between cuts: a few hashes in a row that all say "cut" must not cost layers.
    if (i - start < width / 4 || i === start || record.cutHash % width !== 0) continue;
    runs.push(records.slice(start, i));
    start = i;
  }
  if (start < records.length) runs.push(records.slice(start));
  return runs;
}
