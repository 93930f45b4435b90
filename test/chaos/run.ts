import { createChance } from './chance.ts';
import { startCluster, type ClusterOptions } from './cluster.ts';
import { runRound, type RoundResult } from './round.ts';
import { chaosTroubles, type ChaosTroubles } from './troubles.ts';

export interface ChaosOptions {
  readonly seed: number;
  /** For how long things fail, in seconds; settling comes on top. */
  readonly seconds: number;
  /** The least time of one round, in seconds. Default 30. */
  readonly roundSeconds?: number;
  readonly publishTimeoutSeconds?: ClusterOptions['publishTimeoutSeconds'];
  /** What else may go wrong. Default: all. */
  readonly troubles?: ChaosTroubles;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What the whole run came to. */
export interface ChaosReport {
  readonly rounds: readonly RoundResult[];
  /** By name, how often each was injected. */
  readonly injected: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

/** Rounds of trouble, each with an image of its own, every third with lagging listings; ends at the first that shows a fault. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, seconds, roundSeconds = 30, publishTimeoutSeconds = 10, log, signal } = options;
  const { troubles = new Set(chaosTroubles) } = options;
  const chance = createChance(String(seed));
  const replicas = chance.between(2, 3);
  const cluster = await startCluster(chance.fork('cluster'), { replicas, publishTimeoutSeconds, troubles, log });
  const rounds: RoundResult[] = [];
  try {
    const times = Math.max(1, Math.floor(seconds / roundSeconds));
    for (let i = 1; i <= times && !signal.aborted; i += 1) {
      const lagMs = i % 3 === 2 ? chance.between(500, 4000) : 0;
      const round = {
        ...{ image: `chaos/round-${i}`, seconds: seconds / times, lagMs, replicas },
        ...{ writers: 8, readers: 3, troubles },
      };
      const result = await runRound(round, cluster, chance.fork(`round ${i}`), log, signal);
      rounds.push(result);
      log(`${round.image}${lagMs > 0 ? `, listings up to ${lagMs} ms behind` : ''}: ${describeRound(result)}`);
      if (result.faults.length > 0 || cluster.crashes.length > 0) break;
    }
    const faults = [...rounds.flatMap((round) => round.faults), ...cluster.crashes];
    return { rounds, injected: cluster.counts(), faults };
  } finally {
    await cluster.stop();
  }
}

function describeRound(result: RoundResult): string {
  const behind = `at most ${(result.mostBehindMs / 1000).toFixed(1)} s behind`;
  const answers = Object.entries(result.answers).map(([answer, count]) => `${answer}: ${count}`);
  return `${answers.join(', ')}; ${result.readings} indexes (${behind}), ${result.fetches} packages read, ${result.faults.length} faults`;
}

/** The report for people. */
export function formatReport({ rounds, injected, faults }: ChaosReport): string {
  const sum = (of: (round: RoundResult) => number) => rounds.reduce((total, round) => total + of(round), 0);
  const total = Object.values(injected).reduce((a, b) => a + b, 0);
  const lines = [
    `operations      ${sum((one) => one.operations)}, of which unanswered ${sum((one) => one.unanswered)}`,
    `read            ${sum((one) => one.readings)} indexes, ${sum((one) => one.fetches)} packages`,
    `most behind     ${(Math.max(0, ...rounds.map((one) => one.mostBehindMs)) / 1000).toFixed(1)} s`,
    `flickers        ${sum((one) => one.flickers)} packages listed, missed and listed again before their push was acknowledged`,
    `replicas killed ${sum((one) => one.killed)}`,
    `disturbed       ${sum((one) => one.disturbances)} times: pauses, fronts, collections`,
    `registry down   ${sum((one) => one.interruptions)} times`,
    `faults injected ${total}: ${Object.entries(injected)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
    faults.length === 0 ? 'nothing was lost' : `VIOLATIONS (${faults.length}):`,
    ...faults.slice(0, 20),
  ];
  return lines.join('\n');
}
