import type { ChaosSnapshot } from './lifecycle.ts';

/** What one client asked of one file and was told. Times in milliseconds of this process. */
export interface Operation {
  readonly kind: 'push' | 'delete';
  /** `<architecture>/<file name>`. */
  readonly file: string;
  /** Of the bytes pushed. */
  readonly identity: string | undefined;
  readonly sha256: string | undefined;
  readonly client: string;
  readonly replica: string;
  readonly began: number;
  /** When the answer came; infinity where none came, and what was asked may happen at any time. */
  ended: number;
  /** `refused`: told that nothing was done. `unanswered`: an answer of 5xx, or none. */
  outcome: 'done' | 'refused' | 'unanswered';
  status: number | string;
  /** What was asked, where that is more than the kind says. */
  readonly verb?: string;
}

/** An index that some reader was given. */
export interface Reading {
  readonly replica: string;
  readonly architecture: string;
  readonly began: number;
  readonly ended: number;
  readonly listed: ReadonlyMap<string, string>;
  /** The gateway said that it couldn't ask its registry. */
  readonly isStale: boolean;
}

/** A listed package that a reader asked the same replica for. */
export interface Fetch {
  readonly replica: string;
  readonly file: string;
  readonly identity: string;
  readonly began: number;
  readonly ended: number;
  readonly status: number;
  /** Of the whole answer, where it was 200 and came to its end. */
  readonly sha256: string | undefined;
}

/** All that happened to one image. */
export interface History {
  readonly operations: Operation[];
  readonly readings: Reading[];
  readonly fetches: Fetch[];
  /** Those that were acknowledged. */
  readonly snapshots: ChaosSnapshot[];
  /** What needs no judgement to be wrong. */
  readonly faults: string[];
}

export function emptyHistory(): History {
  return { operations: [], readings: [], fetches: [], snapshots: [], faults: [] };
}

/** How far behind a reading or a delete may be, in milliseconds. */
export interface Allowance {
  /** For the index of an answering registry: what docs/design.md allows, and the time that requests took. */
  readonly behindMs: number;
  /** For how long listings lagged. While they do, names may get two contents and deletes miss what is young. */
  readonly lagMs: number;
}

/** Looks operations up by file. */
export function indexOf(operations: readonly Operation[]): (file: string) => readonly Operation[] {
  const byFile = new Map<string, Operation[]>();
  for (const operation of operations) {
    const of = byFile.get(operation.file) ?? [];
    byFile.set(operation.file, of);
    of.push(operation);
  }
  return (file) => byFile.get(file) ?? [];
}

/** The acknowledged pushes that a reading misses, with how long they had been acknowledged when it began. */
export function missedBy(
  reading: Reading,
  operations: readonly Operation[],
  of: (file: string) => readonly Operation[],
  { lagMs }: Allowance,
): readonly { readonly push: Operation; readonly ageMs: number }[] {
  const isInScope = (file: string) => file.startsWith(`${reading.architecture}/`) || file.startsWith('noarch/');
  return operations
    .filter((push) => push.kind === 'push' && push.outcome === 'done' && push.ended <= reading.began)
    .filter((push) => isInScope(push.file) && reading.listed.get(push.file) !== push.identity)
    .filter((push) => !of(push.file).some((other) => mayHaveTaken(other, push, reading.ended, lagMs)))
    .map((push) => ({ push, ageMs: reading.began - push.ended }));
}

/** A delete that began in time and wasn't over when the push was answered may have taken it. */
function mayHaveTaken(other: Operation, push: Operation, before: number, lagMs: number): boolean {
  return (
    other.kind === 'delete' && other.outcome !== 'refused' && other.began < before && other.ended + lagMs > push.began
  );
}

/**
 * What a reading lists although it is surely gone or was never pushed, with how long that had been so when it began; for what
 * was never pushed, infinity.
 */
export function surplusOf(
  reading: Reading,
  of: (file: string) => readonly Operation[],
  { lagMs }: Allowance,
): readonly { readonly file: string; readonly ageMs: number }[] {
  return [...reading.listed].flatMap(([file, identity]) => {
    const pushes = of(file).filter((one) => one.identity === identity && one.began <= reading.ended);
    // Each push of these bytes may be what is listed; the one that died last decides.
    const ages = pushes.map((push) => reading.began - deathOf(push, of(file), lagMs));
    const ageMs = pushes.length === 0 ? Infinity : Math.min(...ages);
    return ageMs > 0 ? [{ file, ageMs }] : [];
  });
}

/** By when a push's package is surely gone: it was refused, or an acknowledged delete began after its answer. */
function deathOf(push: Operation, operations: readonly Operation[], lagMs: number): number {
  const deaths = operations
    .filter((other) => other.kind === 'delete' && other.outcome === 'done' && other.began >= push.ended + lagMs)
    .map(({ ended }) => ended);
  return Math.min(push.outcome === 'refused' ? push.ended : Infinity, ...deaths);
}

/** Two contents of a name that were both acknowledged although no delete began between. */
export function rivalFaults(operations: readonly Operation[]): readonly string[] {
  const of = indexOf(operations);
  const done = operations.filter(({ kind, outcome }) => kind === 'push' && outcome === 'done');
  return done.flatMap((first) =>
    of(first.file)
      .filter((second) => second.kind === 'push' && second.outcome === 'done' && second.identity !== first.identity)
      .filter((second) => first.ended <= second.ended && first !== second)
      .filter(
        (second) =>
          !of(first.file).some((one) => one.kind === 'delete' && one.outcome !== 'refused' && one.began < second.ended),
      )
      .map(() => `two contents of ${first.file} were acknowledged`),
  );
}

/** A delete that was told "not there" although the push was acknowledged before and nobody else deleted. */
export function deniedFaults(operations: readonly Operation[]): readonly string[] {
  const of = indexOf(operations);
  return operations
    .filter((one) => one.kind === 'delete' && one.status === 404)
    .filter((one) => !of(one.file).some((other) => other !== one && other.kind === 'delete' && other.began < one.ended))
    .filter((one) => of(one.file).some((push) => push.outcome === 'done' && push.ended < one.began))
    .map((one) => `${one.file} was acknowledged, and a delete was told that it isn't there`);
}

/** Why a fetch of a listed package is wrong; undefined where it isn't. */
export function fetchFault(
  fetch: Fetch,
  of: (file: string) => readonly Operation[],
  { lagMs }: Pick<Allowance, 'lagMs'>,
): string | undefined {
  const { file, identity, status } = fetch;
  if (status !== 200 && status !== 404) return undefined;
  const pushes = of(file).filter(({ kind }) => kind === 'push');
  if (status === 200 && fetch.sha256 === undefined) return undefined;
  if (status === 200 && !pushes.some((push) => push.sha256 === fetch.sha256)) return `${file} came with altered bytes`;
  if (status === 200 && pushes.some((push) => push.sha256 === fetch.sha256 && push.identity === identity))
    return undefined;
  const isExcused =
    of(file).some((one) => one.kind === 'delete' && one.outcome !== 'refused' && one.began < fetch.ended) ||
    // It may have been withdrawn for a rival's sake; and what wasn't acknowledged yet, or is younger than the lag, may be listed,
    // missed and listed again.
    !pushes.some((push) => push.identity === identity && push.outcome === 'done' && isSettledBy(push, fetch, lagMs));
  if (isExcused) return undefined;
  return status === 404 ? `${file} was listed and not there` : `${file} was listed with other bytes than came`;
}

function isSettledBy(push: Operation, fetch: Fetch, lagMs: number): boolean {
  return push.ended + lagMs < fetch.began;
}

/** Everything that happened to one file, a line each. */
export function tellOf(file: string, { operations, fetches }: History, from: number): readonly string[] {
  const seconds = (at: number) => (Number.isFinite(at) ? ((at - from) / 1000).toFixed(2) : 'never');
  const did = operations
    .filter((one) => one.file === file)
    .map((one) => ({
      at: one.began,
      line: `${seconds(one.began)}–${seconds(one.ended)}  ${one.client} at ${one.replica}${one.verb === undefined ? '' : ` (${one.verb})`}: ${one.kind} ${(one.identity ?? '').slice(0, 10)} ${one.outcome} (${one.status})`,
    }));
  const read = fetches
    .filter((one) => one.file === file)
    .map((one) => ({
      at: one.began,
      line: `${seconds(one.began)}–${seconds(one.ended)}  read at ${one.replica}: ${one.status}`,
    }));
  return [...did, ...read].sort((a, b) => a.at - b.at).map(({ line }) => line);
}
