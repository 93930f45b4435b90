import type { Chance } from './chance.ts';
import type { Client, Scene } from './clients.ts';
import type { Replica } from './cluster.ts';
import { indexOf, type History, type Operation } from './history.ts';
import type { ChaosPackage } from './packages.ts';

/** Where packages are promoted to, below the image. */
export const released = 'edge/released';

/** A snapshot that was acknowledged, and what its readers have been shown. */
export interface ChaosSnapshot {
  readonly name: string;
  readonly shown: Map<string, string>;
}

/** Does one of the things that are done to packages after their push; what was answered well. */
export async function changeSomething(
  client: Client,
  { image, history, packages }: Scene,
  here: () => Replica,
  chance: Chance,
): Promise<readonly Operation[]> {
  const known = [...packages.values()];
  if (known.length === 0) return [];
  const pkg = chance.pick(known.slice(-30));
  const dice = chance.below(100);
  const files = [pkg.file];
  const ask = (kind: Operation['kind'], verb: string, body: object, place = 'edge/main') =>
    client.change(here(), { kind, verb, pkg, method: 'POST', path: `${place}/${verb}`, body });
  if (dice < 25) return [await ask('delete', 'withdraw', { files })];
  if (dice < 50) return [await ask('push', 'restore', { files })];
  if (dice < 58) return [await ask('delete', 'delete', { files, now: true })];
  if (dice < 68) await ask('push', 'promote', promotionOf(image, pkg, false), released);
  else if (dice < 85) return [await ask('delete', 'promote', promotionOf(image, pkg, true), released)];
  else if (dice < 91) await makeSnapshot(client, here(), history, chance);
  else await readSnapshot(client, here(), history, chance);
  return [];
}

function promotionOf(image: string, { file }: ChaosPackage, move: boolean): object {
  const name = file.slice(file.indexOf('/') + 1).replace(/-1\.0-r0\.apk$/u, '');
  return { from: { image, branch: 'edge', repository: 'main' }, packages: [name], move };
}

async function makeSnapshot(client: Client, replica: Replica, history: History, chance: Chance): Promise<void> {
  const name = `s${chance.below(1_000_000)}`;
  const status = await client.ask(replica, 'PUT', `edge@${name}/main`);
  if (status === 201) history.snapshots.push({ name, shown: new Map() });
}

async function readSnapshot(client: Client, replica: Replica, history: History, chance: Chance): Promise<void> {
  if (history.snapshots.length > 0) await checkSnapshot(client, replica, history, chance.pick(history.snapshots));
}

/** Reads a snapshot, which always is what it was. */
async function checkSnapshot(
  client: Client,
  replica: Replica,
  history: History,
  { name, shown }: ChaosSnapshot,
): Promise<void> {
  for (const architecture of ['x86_64', 'aarch64']) {
    const listed = await client.listing(replica, `edge@${name}/main`, architecture);
    if (listed === undefined) continue;
    const words = JSON.stringify([...listed].sort());
    const before = shown.get(architecture) ?? words;
    shown.set(architecture, before);
    if (before !== words) history.faults.push(`snapshot ${name} listed ${before}, and then ${words} (${architecture})`);
  }
}

/** In the end: each snapshot is what it was, and what only moves took is where they brought it. */
export async function lifecycleFaults(
  { history }: Pick<Scene, 'history'>,
  replica: Replica,
  client: Client,
): Promise<readonly string[]> {
  const before = history.faults.length;
  for (const snapshot of history.snapshots) await checkSnapshot(client, replica, history, snapshot);
  const places = ['edge/main', released];
  const listings = await Promise.all(
    places.flatMap((place) =>
      ['x86_64', 'aarch64'].map((architecture) => client.listing(replica, place, architecture)),
    ),
  );
  const isListed = (push: Operation) => listings.some((listed) => listed?.get(push.file) === push.identity);
  const of = indexOf(history.operations);
  const lost = history.operations
    .filter(({ kind, outcome, verb }) => kind === 'push' && outcome === 'done' && verb !== 'promote')
    .filter((push) => {
      const takers = of(push.file).filter(({ kind, outcome }) => kind === 'delete' && outcome !== 'refused');
      return takers.length > 0 && takers.every(({ verb }) => verb === 'promote') && !isListed(push);
    })
    .map(({ file }) => `${file} was moved, and is in neither place`);
  return [...history.faults.splice(before), ...new Set(lost)];
}
