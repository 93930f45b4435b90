import type { Client, Scene } from './clients.ts';
import type { Cluster } from './cluster.ts';
import {
  deniedFaults,
  fetchFault,
  indexOf,
  missedBy,
  rivalFaults,
  surplusOf,
  tellOf,
  type Allowance,
  type Fetch,
  type History,
  type Operation,
} from './history.ts';

export interface Judgement {
  /** What was promised and not kept, each with the history of the file; empty where all is well. */
  readonly faults: readonly string[];
  /** The longest that an index, not marked stale, was behind an acknowledged change, in milliseconds. */
  readonly mostBehindMs: number;
  /** How often a package that wasn't acknowledged yet was listed, not there a moment later, and there in the end. */
  readonly flickers: number;
}

const maxTold = 40;

/** Judges what clients were told while things failed. */
export function judge(history: History, allowance: Allowance, from: number): Judgement {
  const of = indexOf(history.operations);
  const faults = [...history.faults];
  let mostBehindMs = 0;
  const blame = (file: string, text: string) => faults.push(withHistory(text, file, history, from));

  for (const reading of history.readings) {
    const missed = missedBy(reading, history.operations, of, allowance);
    const surplus = surplusOf(reading, of, allowance);
    const at = `${reading.architecture} at ${reading.replica}, ${((reading.began - from) / 1000).toFixed(2)} s`;
    for (const { file, ageMs } of surplus) {
      if (ageMs === Infinity) blame(file, `an index lists ${file}, which nobody pushed (${at})`);
    }
    // A gateway that can't ask its registry says so; while listings lag, an index may be behind for as long.
    if (reading.isStale || allowance.lagMs > 0) continue;
    for (const { push, ageMs } of missed) {
      mostBehindMs = Math.max(mostBehindMs, ageMs);
      if (ageMs > allowance.behindMs) blame(push.file, `lost ${push.file}, read ${ageMs.toFixed(0)} ms after (${at})`);
    }
    for (const { file, ageMs } of surplus) {
      if (ageMs !== Infinity) mostBehindMs = Math.max(mostBehindMs, ageMs);
      if (ageMs > allowance.behindMs && ageMs !== Infinity)
        blame(file, `lists ${file}, gone ${ageMs.toFixed(0)} ms before (${at})`);
    }
  }
  for (const fetch of history.fetches) {
    const fault = fetchFault(fetch, of, allowance);
    if (fault === undefined || (allowance.lagMs > 0 && !fault.includes('altered') && isContested(of(fetch.file))))
      continue;
    blame(fetch.file, `${fault} (at ${fetch.replica}, ${((fetch.began - from) / 1000).toFixed(2)} s)`);
  }
  faults.push(...rivalFaults(history.operations));
  if (allowance.lagMs === 0) faults.push(...deniedFaults(history.operations));
  const flickers = history.fetches.filter((fetch) => isFlicker(fetch, of)).length;
  return { faults: [...new Set(faults)], mostBehindMs, flickers };
}

/**
 * Judges what every replica shows once nothing fails any more: all that was acknowledged, byte for byte, nothing that was
 * deleted, and the same everywhere.
 */
export async function judgeEnd(
  { history }: Pick<Scene, 'history'>,
  cluster: Pick<Cluster, 'replicas'>,
  client: Client,
  allowance: Allowance,
  from: number,
): Promise<readonly string[]> {
  const of = indexOf(history.operations);
  const faults: string[] = [];
  for (const architecture of ['x86_64', 'aarch64']) {
    const shown = new Map<string, string>();
    for (const replica of cluster.replicas()) {
      const reading = await client.readIndex(replica, architecture);
      if (reading === undefined || reading.isStale) {
        faults.push(`${replica.name} doesn't serve the index of ${architecture}`);
        continue;
      }
      shown.set(replica.name, JSON.stringify([...reading.listed].sort()));
      const missed = missedBy(reading, history.operations, of, allowance).map(({ push }) => push.file);
      const surplus = surplusOf(reading, of, allowance).map(({ file }) => file);
      for (const file of new Set([...missed, ...surplus])) {
        const what = missed.includes(file) ? 'lost' : 'lists, though deleted,';
        faults.push(withHistory(`in the end ${replica.name} ${what} ${file}`, file, history, from));
      }
      const before = history.fetches.length;
      for (const listed of reading.listed) await client.fetch(replica, architecture, ...listed);
      for (const fetch of history.fetches.splice(before)) {
        const isSame = of(fetch.file).some(
          ({ identity, sha256 }) => identity === fetch.identity && sha256 === fetch.sha256,
        );
        if (!isSame) faults.push(withHistory(`in the end ${fetch.file}: ${fetch.status}`, fetch.file, history, from));
      }
    }
    if (new Set(shown.values()).size > 1)
      faults.push(`in the end replicas differ in ${architecture}: ${differences(shown)}`);
  }
  return faults;
}

function differences(shown: ReadonlyMap<string, string>): string {
  const sets = [...shown].map(([name, text]) => [name, new Set((JSON.parse(text) as unknown[]).map(String))] as const);
  const all = new Set(sets.flatMap(([, set]) => [...set]));
  const contested = [...all].filter((one) => sets.some(([, set]) => !set.has(one)));
  return contested
    .map(
      (one) =>
        `${one} only at ${sets
          .filter(([, set]) => set.has(one))
          .map(([name]) => name)
          .join()}`,
    )
    .join('; ');
}

function isFlicker({ file, identity, status, began }: Fetch, of: (file: string) => readonly Operation[]): boolean {
  if (status !== 404 || of(file).some(({ kind }) => kind === 'delete')) return false;
  return of(file).some((push) => push.identity === identity && push.outcome === 'done' && push.ended >= began);
}

function isContested(operations: readonly { readonly identity: string | undefined }[]): boolean {
  return new Set(operations.flatMap(({ identity }) => identity ?? [])).size > 1;
}

function withHistory(text: string, file: string, history: History, from: number): string {
  const lines = tellOf(file, history, from);
  return [text, ...lines.slice(-maxTold).map((line) => `    ${line}`)].join('\n');
}
