import { contentHead, contentTail } from '../../apk/index/index-content.ts';
import { isV3Entry } from '../../apk/index-v3/index-v3-record.ts';
import type { Group } from '../../protocol/coordinates.ts';
import { compareIndexed, saysTheSame, type IndexedPackage } from './indexed-package.ts';
import { buildRun, withFreshBytes, type IndexRun, type Part } from './index-run.ts';
import { cutRuns, runsBeside, type RunCount } from './index-runs.ts';

/**
 * What an index lists, in the pieces that are stored, without its signatures. The content member of APKINDEX lists the v2 packages
 * alone, since apk 2 can't read others; runs of v3 packages stand beside it.
 */
export interface IndexContent {
  readonly v2Runs: readonly IndexRun[];
  readonly v3Runs: readonly IndexRun[];
  /** All of them. */
  readonly runs: readonly IndexRun[];
  /** What is before and behind the runs of v2 in the content member. */
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
  /** What it lists of both formats, in its order; made when first asked for, as is the next. */
  readonly files: () => readonly IndexedPackage[];
  /** The same by each of its tags. */
  readonly byTag: () => ReadonlyMap<string, IndexedPackage>;
}

/**
 * The content that lists `files`, which must be sorted. Runs that hold the very same files as one of `previous` are taken over
 * as they are; the same set gives the same bytes all the same.
 */
export function buildIndexContent(
  at: Pick<Group, 'branch' | 'repository'>,
  files: readonly IndexedPackage[],
  previous: readonly IndexRun[],
): IndexContent {
  const known = new Map(previous.map((run) => [run.files[0]?.pkg, run]));
  const runsOf = (some: readonly IndexedPackage[], count: RunCount) =>
    cutRuns(some, count).map((cut) => {
      const run = known.get(cut[0]?.pkg);
      return run !== undefined && isSameRun(run.files, cut) ? run : buildRun(cut);
    });
  const [v2, v3] = byFormat(files);
  const v2Runs = runsOf(v2, runsBeside(v3));
  const length = v2Runs.reduce((sum, run) => sum + run.length, 0);
  const head = contentHead(`${at.branch}/${at.repository}`, length);
  const tail = contentTail([head, ...v2Runs]);
  return indexContent({ v2Runs, v3Runs: runsOf(v3, runsBeside(v2)), head: head.bytes, tail });
}

/** The pieces of a content member in order: joined, they are one gzip member. */
export function contentPieces(content: IndexContent): readonly Uint8Array[] {
  return [content.head, ...content.v2Runs.map((run) => run.part.bytes), content.tail];
}

/** What is stored of v3 packages, in order; nothing where there are none. */
export function v3Pieces(content: IndexContent): readonly Uint8Array[] {
  return content.v3Runs.map((run) => run.part.bytes);
}

/** Content of these pieces, as stored. */
export function indexContent(pieces: Pick<IndexContent, 'v2Runs' | 'v3Runs' | 'head' | 'tail'>): IndexContent {
  const runs = [...pieces.v2Runs, ...pieces.v3Runs];
  let files: readonly IndexedPackage[] | undefined;
  let byTag: Map<string, IndexedPackage> | undefined;
  return {
    ...pieces,
    runs,
    files: () => (files ??= filesOf(pieces)),
    byTag: () => (byTag ??= filesByTag(runs)),
  };
}

/** The same content, its layers that can't be had under other bytes. */
export function withFreshRuns(content: IndexContent, isLost: (part: Part) => boolean): IndexContent {
  const freshen = (run: IndexRun) => withFreshBytes(run, isLost);
  return indexContent({ ...content, v2Runs: content.v2Runs.map(freshen), v3Runs: content.v3Runs.map(freshen) });
}

/** All layers of some content, but for those of some runs. */
export function layersOfContent({ runs }: IndexContent, inline?: ReadonlySet<IndexRun>): readonly Part[] {
  return runs.flatMap((run) => (inline?.has(run) === true ? [] : [run.part, run.details]));
}

/** What an index lists under a file name. */
export function findFile(content: IndexContent, fileName: string): IndexedPackage | undefined {
  for (const run of content.runs) {
    const file = run.byFileName.get(fileName);
    if (file !== undefined) return file;
  }
  return undefined;
}

function byFormat(files: readonly IndexedPackage[]): readonly [v2: readonly IndexedPackage[], v3: IndexedPackage[]] {
  const v3 = files.filter(({ pkg }) => isV3Entry(pkg.entry));
  return [v3.length === 0 ? files : files.filter(({ pkg }) => !isV3Entry(pkg.entry)), v3];
}

function filesOf({ v2Runs, v3Runs }: Pick<IndexContent, 'v2Runs' | 'v3Runs'>): readonly IndexedPackage[] {
  const [v2, v3] = [v2Runs, v3Runs].map((runs) => runs.flatMap((run) => run.files));
  if (v2 === undefined || v3 === undefined || v3.length === 0) return v2 ?? [];
  return v2.length === 0 ? v3 : v2.concat(v3).sort(compareIndexed);
}

function isSameRun(a: readonly IndexedPackage[], b: readonly IndexedPackage[]): boolean {
  return a.length === b.length && a.every((file, i) => saysTheSame(file, b[i]));
}

function filesByTag(runs: readonly IndexRun[]): Map<string, IndexedPackage> {
  const byTag = new Map<string, IndexedPackage>();
  for (const run of runs) for (const file of run.files) for (const tag of file.tags) byTag.set(tag, file);
  return byTag;
}
