import { spawnSync } from 'node:child_process';
import { findOnPath } from './registry.ts';

/** A client program of this machine, and the version it says it has. */
export interface Client {
  readonly program: string;
  readonly version: string;
}

/** How to find a client and how to ask for its version. */
interface Wanted {
  readonly title: string;
  /** Variables that may name the program, the first that does so wins; after them `onPath` is looked for. */
  readonly variables: readonly string[];
  readonly onPath: string;
  readonly versionArgs: readonly string[];
  /** Its first group is the version; no match, no such client. */
  readonly version: RegExp;
}

const wanted = {
  apk2: apk('2'),
  apk3: apk('3'),
  lkarUpstream: {
    title: 'upstream lkar',
    variables: ['LKAR_UPSTREAM'],
    onPath: 'lkar',
    versionArgs: ['version'],
    // Ours has the same name and may be on PATH as well.
    version: /^Version: (\S+)\n[^]*linka-cloud/,
  },
  apko: {
    title: 'apko',
    variables: ['APKO'],
    onPath: 'apko',
    versionArgs: ['version'],
    version: /^GitVersion: +(\S+)/m,
  },
  crane: { title: 'crane', variables: ['CRANE'], onPath: 'crane', versionArgs: ['version'], version: /^(\S+)\n?$/ },
} satisfies Record<string, Wanted>;

export type ClientName = keyof typeof wanted;

const found = new Map<ClientName, Client | undefined>();

/** The client, from its variable or PATH; undefined where there is none that runs and says a version. */
export function findClient(name: ClientName): Client | undefined {
  if (!found.has(name)) found.set(name, search(wanted[name]));
  return found.get(name);
}

/** What to call a client in the names of tests: its version, or that it wasn't found and what to set. */
export function clientTitle(name: ClientName): string {
  const client = findClient(name);
  return client === undefined ? `${wanted[name].title} (${howToGive(wanted[name])})` : nameAndVersion(name, client);
}

/** One line on all clients: which were found, which not. */
export function describeClients(): string {
  const names = Object.keys(wanted) as ClientName[];
  const there = names.flatMap((name) => {
    const client = findClient(name);
    return client === undefined ? [] : [nameAndVersion(name, client)];
  });
  const absent = names.filter((name) => findClient(name) === undefined).map(clientTitle);
  const parts = [`found ${there.join(', ') || 'none'}`, ...(absent.length > 0 ? [`skipped ${absent.join(', ')}`] : [])];
  return `Real clients: ${parts.join('; ')}`;
}

function apk(major: string): Wanted {
  return {
    title: `apk ${major}`,
    variables: [`APK${major}`, 'APK'],
    onPath: 'apk',
    versionArgs: ['--version'],
    version: new RegExp(`^apk-tools (${major}\\.\\S+), `),
  };
}

function search(client: Wanted): Client | undefined {
  const candidates = [...client.variables.map((variable) => process.env[variable]), findOnPath(client.onPath)];
  for (const program of candidates) {
    const version = program && versionOf(program, client);
    if (program && version) return { program, version };
  }
  return undefined;
}

function versionOf(program: string, { versionArgs, version }: Wanted): string | undefined {
  const { error, stdout } = spawnSync(program, versionArgs, { encoding: 'utf8', timeout: 10_000 });
  return error === undefined ? version.exec(stdout)?.[1] : undefined;
}

function nameAndVersion(name: ClientName, { version }: Client): string {
  return `${wanted[name].title.replace(/ [23]$/, '')} ${version}`;
}

function howToGive({ variables, onPath }: Wanted): string {
  return `not found: ${variables[0] ?? ''} unset and no such ${onPath} on PATH`;
}
