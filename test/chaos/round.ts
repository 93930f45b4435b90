import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import type { Chance } from './chance.ts';
import { actAsReader, actAsWriter, createClient, type Scene } from './clients.ts';
import type { Cluster } from './cluster.ts';
import { createGate, type Gate } from './gate.ts';
import { createDisturbances } from './disturbances.ts';
import { emptyHistory, type Allowance, type History } from './history.ts';
import { judge, judgeEnd, type Judgement } from './judgement.ts';
import { lifecycleFaults } from './lifecycle.ts';
import { makePackage } from './packages.ts';
import type { ChaosTroubles } from './troubles.ts';

/** One image from its first push to its last judgement. */
export interface Round {
  readonly image: string;
  readonly seconds: number;
  /** The most that listings lag, in milliseconds. */
  readonly lagMs: number;
  readonly replicas: number;
  readonly writers: number;
  readonly readers: number;
  readonly troubles: ChaosTroubles;
}

export interface RoundResult extends Judgement {
  readonly operations: number;
  readonly unanswered: number;
  /** How many operations were answered how. */
  readonly answers: Readonly<Record<string, number>>;
  readonly readings: number;
  readonly fetches: number;
  readonly killed: number;
  readonly interruptions: number;
  /** How often gateways or the registry stood still, a front end answered in its place, or it collected. */
  readonly disturbances: number;
}

/** Gateways ask the registry on each read. */
const behindMs = 0;
const settleMs = 40_000;
const readArchitectures = ['x86_64', 'aarch64'];

/** Lets clients work while things fail, then lets things settle and judges what happened. */
export async function runRound(
  round: Round,
  cluster: Cluster,
  chance: Chance,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<RoundResult> {
  const from = performance.now();
  const scene: Scene = {
    ...{ image: round.image, history: emptyHistory(), replicas: cluster.replicas, packages: new Map() },
    ...{ readsAtOnce: round.troubles.has('balancer'), gate: createGate() },
    hasChanges: round.troubles.has('changes'),
  };
  const { history } = scene;
  const ending = new AbortController();
  const clients = [
    ...count(round.writers, (i) => actAsWriter(`w${i}`, scene, chance.fork(`writer ${i}`), ending.signal)),
    ...count(round.readers, (i) => actAsReader(`r${i}`, scene, chance.fork(`reader ${i}`), ending.signal)),
  ];
  const trouble = await makeTrouble(round, cluster, scene.gate, chance.fork('trouble'), signal);
  ending.abort();
  await Promise.all(clients);
  await cluster.settled();
  const allowance: Allowance = { behindMs, lagMs: round.lagMs };
  const told = {
    operations: history.operations.length,
    unanswered: history.operations.filter(({ outcome }) => outcome === 'unanswered').length,
    answers: answersIn(history),
    readings: history.readings.length,
    fetches: history.fetches.length,
  };
  const during = judge(history, allowance, from);
  log(`${round.image}: ${told.operations} operations, settling`);
  const after = await untilSettled(scene, cluster, allowance, from);
  return { ...told, ...trouble, ...during, faults: [...during.faults, ...after] };
}

function answersIn({ operations }: History): Record<string, number> {
  const answers: Record<string, number> = {};
  for (const { kind, status, verb } of operations) {
    const answer = `${verb === undefined ? '' : `${verb}: `}${kind} ${status}`;
    answers[answer] = (answers[answer] ?? 0) + 1;
  }
  return answers;
}

/** Weather, deaths and interruptions for the time of the round. */
async function makeTrouble(round: Round, cluster: Cluster, gate: Gate, chance: Chance, signal: AbortSignal) {
  const { seconds, lagMs, replicas } = round;
  const disturb = createDisturbances(round, cluster, gate, chance.fork('disturbances'));
  let disturbances = 0;
  const until = performance.now() + seconds * 1000;
  const [clear, light, heavy, broken] = [0, 0.04, 0.2, 1].map((faults) => ({ faults, lagMs }));
  let killed = 0;
  let interruptions = 0;
  cluster.setWeather(clear!);
  while (performance.now() < until && !signal.aborted) {
    const slot = chance.below(replicas);
    const dice = chance.below(100);
    const isBroken = dice >= 70 && dice < 77;
    if (dice < 25) cluster.setWeather(light!);
    else if (dice < 40) cluster.setWeather(heavy!, slot);
    else if (dice < 70) cluster.setWeather(clear!);
    else if (isBroken) cluster.setWeather(broken!, slot);
    else if (dice < 90) killed += cluster.killReplica(slot, chance.below(2000)) ? 1 : 0;
    else {
      interruptions += 1;
      await cluster.interruptRegistry(chance.below(2500));
    }
    disturbances += await disturb();
    await sleep(chance.between(500, 4000), undefined, { signal }).catch(() => undefined);
    if (isBroken) cluster.setWeather(light!, slot);
  }
  // A listing lags no longer than this, so that what comes next is seen in time.
  cluster.setWeather({ faults: 0, lagMs: 0 });
  return { killed, interruptions, disturbances };
}

/** One push to each index, since only writes mend; then all replicas, and a fresh one, must agree and be right. */
async function untilSettled(scene: Scene, cluster: Cluster, allowance: Allowance, from: number) {
  const client = createClient('settler', scene);
  const deadline = performance.now() + settleMs;
  const [replica] = cluster.replicas();
  const last = await Promise.all(readArchitectures.map((arch) => makePackage(arch, 'settled', 'last')));
  for (const pkg of last) await client.push(replica!, [pkg], true);
  const operations = scene.history.operations.filter(({ client: name }) => name === 'settler');
  const unsettled = operations
    .filter(({ outcome }) => outcome !== 'done')
    .map(({ status }) => `the last push: ${status}`);
  for (;;) {
    const began = performance.now();
    const uncovered = await uncoveredBy(replica!.url, scene.image);
    const faults = [
      ...unsettled,
      ...uncovered,
      ...(await judgeEnd(scene, cluster, client, allowance, from)),
      ...(await lifecycleFaults(scene, replica!, client)),
    ];
    if (faults.length === 0 || began > deadline) {
      await client.close();
      return faults;
    }
    await sleep(250);
  }
}

/** What the gateway itself says of stored indexes that don't list what they should. */
async function uncoveredBy(url: string, image: string): Promise<readonly string[]> {
  const answer = await request(`${url}/apk/${image}/edge/main/status.json`);
  if (answer.statusCode !== 200) return [`status.json was answered ${answer.statusCode}: ${await answer.body.text()}`];
  const { architectures } = (await answer.body.json()) as {
    architectures: { architecture: string; isCovering: boolean }[];
  };
  return architectures
    .filter(({ isCovering }) => !isCovering)
    .filter(({ architecture }) => readArchitectures.includes(architecture))
    .map((one) => `the stored index doesn't cover: ${JSON.stringify(one)}`);
}

function count<T>(times: number, make: (i: number) => T): T[] {
  return Array.from({ length: times }, (_, i) => make(i + 1));
}
