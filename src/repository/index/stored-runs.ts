import { createByteBoundedCache } from '../../concurrency/bounded-cache.ts';
import type { Group } from '../../protocol/coordinates.ts';
import { groupHash } from '../artifacts/package-tag.ts';
import type { IndexContent } from './index-content.ts';
import type { RunLayers } from './index-layers.ts';
import { parseRun, type IndexRun, type RunFormat } from './index-run.ts';
import { malformed } from './run-details.ts';

/** The runs of stored indexes, each parsed once. */
export interface StoredRuns {
  /**
   * Those of one format. Throws INDEX_MALFORMED where one can't be read, or where what no key of ours signed holds more than any
   * index of ours.
   */
  parse(group: Group, format: RunFormat, layers: readonly RunLayers[], isSigned: boolean): readonly IndexRun[];
  /** Drops what only a version lists that another took the place of: kept, it would fill the memory day by day. */
  forget(group: Group, before: IndexContent, after: IndexContent | undefined): void;
}

/** Of records that nobody signed, of one format, inflated: three times what 100,000 packages take. */
const maxUnsignedBytes = 128 * 1024 * 1024;
/** And so many: each takes 1.5 KB in memory, however short it is. */
const maxUnsignedRecords = 150_000;

/** Runs of one format that nobody signed, read by `parse`, none of which may hold more than it is told. Throws INDEX_MALFORMED. */
export function parseUnsigned<T>(
  layers: readonly T[],
  parse: (run: T, maxRecords: number) => IndexRun,
): readonly IndexRun[] {
  let [bytes, records] = [0, 0];
  return layers.map((layer) => {
    const run = parse(layer, maxUnsignedRecords - records);
    bytes += run.length;
    records += run.files.length;
    if (bytes > maxUnsignedBytes) throw malformed('more records than any index has');
    return run;
  });
}

export function createStoredRuns(maxBytes: number): StoredRuns {
  const runs = createByteBoundedCache<IndexRun>(maxBytes, (run) => run.length * 6);

  return {
    parse(group, format, layers, isSigned) {
      const parse = (run: RunLayers, maxRecords = Infinity) => {
        const key = runKey(group, format, run);
        const parsed = runs.get(key) ?? parseRun(group, run.part, run.details, format, maxRecords);
        runs.set(key, parsed);
        return parsed;
      };
      return isSigned ? layers.map((run) => parse(run)) : parseUnsigned(layers, parse);
    },
    forget(group, before, after) {
      const kept = new Set(after === undefined ? [] : keysOf(group, after));
      for (const key of keysOf(group, before)) if (!kept.has(key)) runs.delete(key);
    },
  };
}

function keysOf(group: Group, { v2Runs, v3Runs }: IndexContent): readonly string[] {
  return [...v2Runs.map((run) => runKey(group, 'v2', run)), ...v3Runs.map((run) => runKey(group, 'v3', run))];
}

function runKey(group: Group, format: RunFormat, { part, details }: RunLayers): string {
  return `${format} ${groupHash(group)} ${part.digest} ${details.digest}`;
}
