import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, FormData, request } from 'undici';
import type { Chance } from './chance.ts';
import type { Replica } from './cluster.ts';
import type { Gate } from './gate.ts';
import type { History, Operation } from './history.ts';
import { changeSomething } from './lifecycle.ts';
import { makePackage, readSignedIndex, sha256Of, type ChaosPackage } from './packages.ts';

/** The architectures that clients push for. */
export const architectures = ['x86_64', 'aarch64', 'noarch'] as const;
const readArchitectures = ['x86_64', 'aarch64'] as const;

/** One image, and those who work on it. */
export interface Scene {
  readonly image: string;
  readonly history: History;
  /** Those that run now. */
  readonly replicas: () => readonly Replica[];
  readonly packages: Map<string, ChaosPackage>;
  /** Whether what was answered is read through the next gateway at once, as behind a balancer. */
  readonly readsAtOnce: boolean;
  /** Whether packages are withdrawn, restored, promoted, moved and kept in snapshots too. */
  readonly hasChanges: boolean;
  /** Whoever begins something waits for this first. */
  readonly gate: Gate;
}

/** A change of one package, by a path below the image. */
export interface AskedChange {
  readonly kind: Operation['kind'];
  readonly verb: string;
  readonly pkg: ChaosPackage;
  readonly method: 'POST';
  readonly path: string;
  readonly body: object;
}

export interface Client {
  push(replica: Replica, packages: readonly ChaosPackage[], isRetry?: boolean): Promise<readonly Operation[]>;
  remove(replica: Replica, file: string): Promise<Operation>;
  /** Undefined where no good answer came. */
  readIndex(replica: Replica, architecture: string): Promise<History['readings'][number] | undefined>;
  fetch(replica: Replica, architecture: string, file: string, identity: string): Promise<void>;
  /** Asks for what puts a package into the index or takes it out; a promotion concerns another repository's. */
  change(replica: Replica, change: AskedChange): Promise<Operation>;
  /** Asks for something else; the status, undefined where no answer came. */
  ask(replica: Replica, method: 'PUT' | 'DELETE', path: string): Promise<number | undefined>;
  /** What an index of another place lists; undefined where no good answer came. */
  listing(replica: Replica, place: string, architecture: string): Promise<ReadonlyMap<string, string> | undefined>;
  close(): Promise<void>;
}

interface AskOptions {
  readonly method?: 'GET' | 'PUT' | 'DELETE' | 'POST';
  readonly body?: Buffer | FormData | string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function createClient(name: string, { image, history, gate }: Scene): Client {
  const dispatcher = new Agent({ headersTimeout: 60_000, bodyTimeout: 60_000 });
  const baseOf = (replica: Replica) => `${replica.url}/apk/${image}/edge/main`;

  const begin = (
    replica: Replica,
    kind: Operation['kind'],
    file: string,
    pkg?: ChaosPackage,
    verb?: string,
  ): Operation => {
    const operation: Operation = {
      ...(verb !== undefined && { verb }),
      ...{ kind, file, identity: pkg?.identity, sha256: pkg?.sha256, client: name, replica: replica.name },
      ...{ began: performance.now(), ended: Infinity, outcome: 'unanswered', status: 'no answer' },
    };
    history.operations.push(operation);
    return operation;
  };

  const answered = (operations: readonly Operation[], status: number) => {
    const ended = performance.now();
    const isRefusal = status === 409 || status === 404;
    for (const operation of operations) {
      operation.status = status;
      if (status >= 500) continue;
      operation.ended = ended;
      operation.outcome = isRefusal ? 'refused' : 'done';
      if (status >= 300 && !isRefusal) history.faults.push(`${operation.kind} of ${operation.file}: ${status}`);
    }
  };

  let whyNot = '';
  /** Status and whole body; undefined where the connection or the replica broke. */
  const ask = async (url: string, options: AskOptions = {}) => {
    const leave = await gate.enter();
    try {
      const answer = await request(url, { ...options, dispatcher });
      const { statusCode: status, headers } = answer;
      return { status, headers, bytes: await answer.body.bytes() };
    } catch (error) {
      whyNot = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      // Who is refused at once would ask a thousand times a second.
      await sleep(100);
      return undefined;
    } finally {
      leave();
    }
  };

  return {
    async push(replica, packages, isRetry = false) {
      const operations = packages.map((pkg) => begin(replica, 'push', pkg.file, pkg));
      const [only, ...more] = packages;
      const body = only !== undefined && more.length === 0 ? only.bytes : formOf(packages);
      const answer = await ask(`${baseOf(replica)}/push${isRetry ? '?if-exists=skip' : ''}`, { method: 'PUT', body });
      if (answer !== undefined) answered(operations, answer.status);
      else for (const operation of operations) operation.status = whyNot;
      return operations;
    },
    async remove(replica, file) {
      const operation = begin(replica, 'delete', file);
      const answer = await ask(`${baseOf(replica)}/${file}`, { method: 'DELETE' });
      if (answer !== undefined) answered([operation], answer.status);
      else operation.status = whyNot;
      return operation;
    },
    async readIndex(replica, architecture) {
      const began = performance.now();
      const answer = await ask(`${baseOf(replica)}/${architecture}/APKINDEX.tar.gz`);
      if (answer === undefined || (answer.status !== 200 && answer.status !== 404)) return undefined;
      try {
        const listed = answer.status === 404 ? new Map<string, string>() : readSignedIndex(answer.bytes);
        const isStale = answer.headers['x-lkard-stale'] === 'true';
        const ended = performance.now();
        const reading = { replica: replica.name, architecture, began, ended, listed, isStale };
        history.readings.push(reading);
        return reading;
      } catch (error) {
        history.faults.push(`the index of ${architecture} at ${replica.name}: ${String(error)}`);
        return undefined;
      }
    },
    async fetch(replica, architecture, file, identity) {
      const began = performance.now();
      const answer = await ask(`${baseOf(replica)}/${architecture}/${file.slice(file.indexOf('/') + 1)}`);
      const sha256 = answer?.status === 200 ? sha256Of(answer.bytes) : undefined;
      const status = answer?.status ?? 0;
      history.fetches.push({ replica: replica.name, file, identity, began, ended: performance.now(), status, sha256 });
    },
    async change(replica, { kind, verb, pkg, method, path, body }) {
      const isElsewhere = verb === 'promote' && kind === 'push';
      const operation = begin(replica, kind, pkg.file, kind === 'push' ? pkg : undefined, verb);
      // What is promoted is not of this index.
      if (isElsewhere) history.operations.pop();
      const headers = { 'content-type': 'application/json' };
      const url = `${replica.url}/apk/${image}/${path}`;
      const answer = await ask(url, { method, headers, body: JSON.stringify(body) });
      if (answer !== undefined) answered([operation], answer.status);
      else operation.status = whyNot;
      return operation;
    },
    async ask(replica, method, path) {
      return (await ask(`${replica.url}/apk/${image}/${path}`, { method }))?.status;
    },
    async listing(replica, place, architecture) {
      const answer = await ask(`${replica.url}/apk/${image}/${place}/${architecture}/APKINDEX.tar.gz`);
      if (answer?.status === 404) return new Map();
      if (answer?.status !== 200 || answer.headers['x-lkard-stale'] === 'true') return undefined;
      return readSignedIndex(answer.bytes);
    },
    close: () => dispatcher.close(),
  };
}

function formOf(packages: readonly ChaosPackage[]): FormData {
  const form = new FormData();
  for (const [i, { bytes }] of packages.entries()) form.append('file', new Blob([new Uint8Array(bytes)]), `${i}.apk`);
  return form;
}

const maxRetries = 3;

/** Pushes, retries, competes and deletes until the signal fires. */
export async function actAsWriter(name: string, scene: Scene, chance: Chance, signal: AbortSignal): Promise<void> {
  const client = createClient(name, scene);
  let count = 0;
  let turn = 0;
  const here = () => chance.pick(scene.replicas());
  const fresh = async () => {
    count += 1;
    const pkg = await makePackage(chance.pick(architectures), `${name}-${count}`, `by ${name}`);
    scene.packages.set(pkg.file, pkg);
    return pkg;
  };

  /** Through the gateway that is next in turn. */
  const readAtOnce = async (answered: readonly Operation[]) => {
    const [first] = answered;
    if (!scene.readsAtOnce || first?.outcome !== 'done') return;
    const replicas = scene.replicas();
    turn += 1;
    const [architecture = ''] = first.file.split('/');
    const read = architecture === 'noarch' ? chance.pick(readArchitectures) : architecture;
    await client.readIndex(replicas[turn % replicas.length]!, read);
  };

  /** As a CI job does: again, and content with the same bytes, until it is told something. */
  const pushUntilTold = async (packages: readonly ChaosPackage[], isRetry = false) => {
    let operations = await client.push(here(), packages, isRetry);
    for (let retry = 0; retry < maxRetries && operations[0]?.outcome === 'unanswered'; retry += 1) {
      if (signal.aborted || chance.isLucky(0.3)) return;
      operations = await client.push(here(), packages, true);
    }
    await readAtOnce(operations);
  };

  const compete = async () => {
    const shared = `contested-${chance.below(1_000_000)}`;
    const architecture = chance.pick(architectures);
    const rivals = await Promise.all(['one', 'other'].map((content) => makePackage(architecture, shared, content)));
    await Promise.all(rivals.map((pkg) => client.push(here(), [pkg], chance.isLucky(0.5))));
  };

  const removeOne = async () => {
    const known = [...scene.packages.keys()];
    if (known.length === 0) return;
    const file = chance.pick(known);
    const removed = await client.remove(here(), file);
    await readAtOnce([removed]);
    if (removed.outcome === 'done' && chance.isLucky(0.2)) await pushUntilTold([scene.packages.get(file)!]);
  };

  while (!signal.aborted) {
    if (scene.hasChanges && chance.isLucky(0.25)) {
      await readAtOnce(await changeSomething(client, scene, here, chance));
      continue;
    }
    const dice = chance.below(100);
    if (dice < 50) await pushUntilTold([await fresh()]);
    else if (dice < 65) await pushUntilTold([await fresh(), await fresh(), await fresh()]);
    else if (dice < 75 && scene.packages.size > 0)
      await client.push(here(), [chance.pick([...scene.packages.values()])], true);
    else if (dice < 85) await compete();
    else await removeOne();
  }
  await client.close();
}

/** Reads indexes and some of what they list until the signal fires. */
export async function actAsReader(name: string, scene: Scene, chance: Chance, signal: AbortSignal): Promise<void> {
  const client = createClient(name, scene);
  while (!signal.aborted) {
    const replica = chance.pick(scene.replicas());
    const architecture = chance.pick(readArchitectures);
    const reading = await client.readIndex(replica, architecture);
    const listed = [...(reading?.listed ?? [])];
    // What came last is likeliest to be gone.
    for (const wanted of listed.length === 0 ? [] : [chance.pick(listed), chance.pick(listed.slice(-8))]) {
      await client.fetch(replica, architecture, ...wanted);
    }
    await sleep(chance.between(10, 150));
  }
  await client.close();
}
