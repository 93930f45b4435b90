import { type IndexContent, findFile } from '../index/index-content.ts';
import type { MonotonicMs } from '../../time/monotonic.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';

/**
 * What one index listed until lately. A client reads an index and then asks for what it lists: meanwhile a newer one, put by
 * a gateway that hadn't seen a package yet, may list it no more although it is there.
 */
export interface Delisted {
  /** Takes note of what `before` lists and `after` doesn't. */
  note(before: IndexContent, after: IndexContent | undefined, nowMs: MonotonicMs): void;
  /** What was listed under that name within the last minute, by an index that is listed no more. */
  find(fileName: string, nowMs: MonotonicMs): IndexedPackage | undefined;
  /** Files that are remembered. */
  count(): number;
}

const keptMs = 60_000;
const maxFiles = 1_000;

export function createDelisted(): Delisted {
  const files = new Map<string, { readonly file: IndexedPackage; readonly sinceMs: MonotonicMs }>();

  return {
    note(before, after, nowMs) {
      for (const [name, { sinceMs }] of files) if (nowMs - sinceMs >= keptMs) files.delete(name);
      const kept = new Set(after?.runs);
      for (const run of before.runs) {
        if (kept.has(run)) continue;
        for (const file of run.files) {
          if (files.size >= maxFiles) return;
          const isListed = after !== undefined && findFile(after, file.pkg.fileName) !== undefined;
          if (!isListed) files.set(file.pkg.fileName, { file, sinceMs: nowMs });
        }
      }
    },
    find(fileName, nowMs) {
      const known = files.get(fileName);
      if (known === undefined || nowMs - known.sinceMs < keptMs) return known?.file;
      files.delete(fileName);
      return undefined;
    },
    count: () => files.size,
  };
}
