import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { GivenSettings } from '../../src/config/settings.ts';
import { anApk, type ApkSpec } from '../support/an-apk.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { htpasswdOf, registryProgram, registryV3Program, startRegistry } from '../support/registry.ts';
import { makeTempDir } from '../support/temp-dir.ts';

export interface World {
  /** The gateway's, `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** `127.0.0.1:PORT` of the registry behind it, where there is one. */
  readonly registry: string | undefined;
  /** Starts one more gateway on the same store; its URL. It ends with the world. */
  startAnother(settings: GivenSettings): Promise<string>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  readonly users?: Readonly<Record<string, string>>;
  readonly settings?: GivenSettings;
}

/** What can be behind a gateway; `isThere` says whether this machine has it. */
export interface StoreKind {
  readonly title: string;
  readonly isThere: boolean;
  start(options?: WorldOptions): Promise<World>;
}

export const embeddedStore: StoreKind = { title: 'the embedded store', isThere: true, start: startEmbedded };
export const dockerRegistry = registryKind('docker-registry', registryProgram());
/** One that removes neither tags nor manifests, as it is unless told otherwise. */
export const registryWithoutDeletes = registryKind('docker-registry without deletes', registryProgram(), false);
export const distribution3 = registryKind('distribution 3', registryV3Program());

/** A repository of a gateway, as those see it who push. */
export interface TestRepository {
  /** What apk is to be given. */
  readonly base: string;
  /** Pushes a package; its bytes. */
  push(spec: ApkSpec): Promise<Buffer>;
  /** Pushes a file as it is. */
  pushBytes(bytes: Buffer): Promise<Buffer>;
  /** Deletes a file by its path below the base. */
  withdraw(filePath: string): Promise<void>;
  /** Posts a change, such as `withdraw`, of what the body selects. */
  change(verb: string, body: object): Promise<void>;
}

/** The repository at that base; throws what the gateway answers wherever it refuses. */
export function repositoryAt(base: string, headers: Readonly<Record<string, string>> = {}): TestRepository {
  const must = async (status: number, url: string, init: RequestInit, more: Record<string, string> = {}) => {
    const answer = await fetch(url, { ...init, headers: { ...headers, ...more } });
    const text = await answer.text();
    if (answer.status !== status) throw new Error(`${init.method ?? ''} ${url}: ${answer.status} ${text}`);
  };
  const pushBytes = async (bytes: Buffer) => {
    await must(201, `${base}/push`, { method: 'PUT', body: new Uint8Array(bytes) });
    return bytes;
  };
  return {
    base,
    push: (spec) => pushBytes(anApk(spec)),
    pushBytes,
    change: (verb, body) => {
      const init = { method: 'POST', body: JSON.stringify(body) };
      return must(200, `${base}/${verb}`, init, { 'content-type': 'application/json' });
    },
    withdraw: (filePath) => must(204, `${base}/${filePath}`, { method: 'DELETE' }),
  };
}

/** The header of a user with a password. */
export function basicAuth(user: string, password: string): Readonly<Record<string, string>> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

async function startEmbedded({ users, settings }: WorldOptions = {}): Promise<World> {
  const folder = await makeTempDir();
  const htpasswd = path.join(folder.path, 'htpasswd');
  if (users !== undefined) await writeFile(htpasswd, await htpasswdOf(users));
  const own = { data: path.join(folder.path, 'data'), ...(users && { htpasswd }) };
  return worldOf(
    undefined,
    () => folder.remove(),
    (given) => startGateway({ settings: { ...own, ...given } }),
    settings,
  );
}

function registryKind(title: string, program: string | undefined, canDelete = true): StoreKind {
  const start = async ({ users, settings }: WorldOptions = {}): Promise<World> => {
    const registry = await startRegistry({ delete: canDelete, ...(program && { program }), ...(users && { users }) });
    const store = { registry: registry.host };
    return worldOf(
      registry.host,
      () => registry.stop(),
      (given) => startGateway({ store, settings: given }),
      settings,
    );
  };
  return { title, isThere: program !== undefined, start };
}

async function worldOf(
  registry: string | undefined,
  stopStore: () => Promise<void>,
  start: (settings: GivenSettings) => Promise<TestGateway>,
  settings: GivenSettings = {},
): Promise<World> {
  const gateways = [await start(settings)];
  return {
    url: gateways[0]!.url,
    registry,
    async startAnother(given) {
      const gateway = await start(given);
      gateways.push(gateway);
      return gateway.url;
    },
    async stop() {
      for (const gateway of gateways) await gateway.stop();
      await stopStore();
    },
  };
}
