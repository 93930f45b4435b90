import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { tmpdir } from 'node:os';
import type { Config } from '../config/config.ts';
import { GatewayError, isGatewayError } from '../errors.ts';
import { createApp, createHealthApp } from '../http/app.ts';
import { listen, type Listening, type ListenOptions } from '../http/listen.ts';
import { httpOptionsOf } from './http-options-of.ts';
import { issuerFetch } from './issuer-fetch.ts';
import { openSigningKeys, sharedSecret } from './open-signing-keys.ts';
import { createMetrics, type Metrics, type MetricsSnapshot } from '../metrics/metrics.ts';
import type { Clock, InTurn, Log, Meter } from '../ports.ts';
import { createRepositories } from '../repository/create-repositories.ts';
import type { RepositoriesOptions } from '../repository/options.ts';
import { createSignIndex } from '../repository/publishing/sign-index.ts';
import { createDirectoryStore } from '../store/directory/directory-store.ts';
import { createDockerCredentials } from '../credentials/docker-credentials.ts';
import type { Store } from '../store/store.ts';
import { monotonicMs } from '../time/monotonic.ts';
import { sleep, sleepUnlessWoken } from '../time/timers.ts';
import { isErrno } from '../files/errno.ts';
import { openDataFolder } from '../files/data-folder.ts';
import { checkTempFolder } from '../files/temp-folder.ts';
import { readNamedFile } from '../files/text-file.ts';
import { openTrust } from '../trust/open-trust.ts';
import { createClockWatch } from './clock-watch.ts';
import { collectingSooner } from './heap-growth.ts';
import { readTls, watchTls } from './tls-files.ts';

/** A gateway, put together and not yet listening. */
export interface Gateway {
  /** What keeps the packages, for people. */
  readonly storeDescription: string;
  /** Listens; the URL names the address it was told to listen on. Throws CONFIG_INVALID where that can't be had. */
  start(): Promise<{ readonly url: string }>;
  /** What this process has counted. */
  readonly readMetrics: () => Promise<MetricsSnapshot>;
  /** Says that it isn't ready, lets requests under way finish for the drain time-out, and ends. */
  stop(): Promise<void>;
}

/** What the processes that serve together have in common. */
export interface Siblings {
  /** Seals logins by form where no AES key is given. */
  readonly sessionSecret: Uint8Array;
  /** The metrics of all of them. */
  readonly formatMetrics: Metrics['format'];
  readonly inTurn: InTurn;
}

const pingTimeoutMs = 5000;

/**
 * Puts a gateway together: the only place that knows both stores. Throws SIGNING_KEY_INVALID and CONFIG_INVALID where a file
 * that the configuration names can't be used.
 */
export async function createGateway(
  config: Config,
  { log, siblings }: { readonly log: Log; readonly siblings?: Siblings | undefined },
): Promise<Gateway> {
  const clock = systemClock();
  await checkTempFolder(config.http.tempDirectory ?? tmpdir(), config.http.maxUploadBytes, log);
  if (config.store.kind === 'directory') await openDataFolder(config.store.directory, '--data');
  const { meter, format, snapshot } = createMetrics();
  const formatMetrics = siblings?.formatMetrics ?? format;
  const clockWatch = createClockWatch({ ...clock, log, meter });
  const store = await openStore(config, clock, { meter, log, onClockMeasured: clockWatch.note });
  const signingKeys = await openSigningKeys(config, { clock, log, inTurn: siblings?.inTurn });
  const sign = createSignIndex({ alsoSha1: config.signing.hasSha1Signatures });
  const repositories = createRepositories(
    { store, signingKeys, sign, clock, random: randomBytes, log, meter: collectingSooner(meter) },
    repositoryOptionsOf(config),
  );
  const trust = await openTrust({ clock, log, fetch: await issuerFetch(config) }, config.trust);
  const state = { isStopping: false };
  const findUnreadiness = () => (state.isStopping ? Promise.resolve(['stopping']) : unreadinessOf(store));
  const health = { findUnreadiness, findWarnings: clockWatch.findWarnings, formatMetrics };
  const hasOwnPort = config.metricsListen !== undefined;
  const app = createApp(
    { repositories, log, trust, meter, ...health, ...(hasOwnPort && { formatMetrics: undefined }) },
    { ...httpOptionsOf(config, store), sessionSecret: siblings?.sessionSecret ?? (await sharedSecret(config)) },
  );
  let metricsListening: Listening | undefined;
  let listening: Listening | undefined;
  let unwatch: (() => void) | undefined;

  return {
    storeDescription: store.description,
    readMetrics: snapshot,
    async start() {
      const options = await listenOptionsOf(config);
      listening = await listenOnAny(options, '--addr', (some) => listen(app, { log, clock, meter }, some));
      if (config.metricsListen !== undefined) {
        const quiet = { log: quietLog(log), clock };
        metricsListening = await listenOnAny(config.metricsListen, '--metrics-addr', (some) =>
          listen(createHealthApp(health), quiet, some),
        );
      }
      const server = listening;
      const renew = (tls: Parameters<typeof server.renewTls>[0]) => {
        server.renewTls(tls);
      };
      unwatch = config.tls && watchTls(config.tls, renew, log);
      return { url: server.url };
    },
    async stop() {
      state.isStopping = true;
      unwatch?.();
      await listening?.close({ drainTimeoutMs: config.drainTimeoutMs });
      await metricsListening?.close({ drainTimeoutMs: 0 });
      await store.close();
    },
  };
}

/** The machine's own clock. */
export function systemClock(): Clock {
  return {
    now: Date.now,
    monotonicMs,
    sleep: sleepUnlessWoken,
  };
}

/** What a store is opened with; `onClockMeasured` is called with how far this machine's clock is ahead of the registry's, in ms. */
interface StoreOptions {
  readonly meter?: Meter;
  readonly requestWaitMs?: number;
  readonly log?: Log;
  readonly onClockMeasured?: (aheadMs: number) => void;
}

/**
 * The store that a configuration names; nothing is asked of it yet. Where requests to it are bounded, each waits `requestWaitMs`
 * for its turn (default 5,000).
 */
export async function openStore(
  { store, rightsTtlMs }: Pick<Config, 'store' | 'rightsTtlMs'>,
  clock: Clock,
  { meter, requestWaitMs, log, onClockMeasured }: StoreOptions = {},
): Promise<Store> {
  if (store.kind === 'directory') {
    const { directory, htpasswdFile, htpasswdWriters: writers, isPublicRead } = store;
    // Of the two stores, and of what asks who somebody is, only what is used is loaded.
    const authenticate =
      htpasswdFile &&
      (await (
        await import('../store/directory/htpasswd.ts')
      ).createHtpasswd({ clock, log }, { file: htpasswdFile, writers }));
    return createDirectoryStore(
      { now: () => clock.now(), ...(authenticate && { authenticate }) },
      { directory, isPublicRead },
    );
  }
  const { host, isPlainHttp, isInsecure, caFile, proxies, requestsPerMinute, authFiles } = store;
  const ca = caFile === undefined ? undefined : await readNamedFile(caFile, '--client-ca or SSL_CERT_FILE');
  const { createRegistryStore } = await import('../store/registry/registry-store.ts');
  return createRegistryStore(
    {
      now: () => clock.now(),
      monotonicMs: () => clock.monotonicMs(),
      onMeasured: onClockMeasured,
      random: Math.random,
      sleep,
      resolveName: (name) => lookup(name, { all: true }),
      onRequest: ({ operation, method, status, durationMs }) =>
        meter?.askedRegistry(operation, method, status, durationMs),
      onShort: meter?.budgetShort,
      gatewayCredentials: createDockerCredentials({ clock, log }, { host, files: authFiles }),
    },
    {
      host,
      plainHttp: isPlainHttp,
      tls: { ca, insecure: isInsecure },
      proxies,
      maxTokenAgeMs: rightsTtlMs / 2,
      requestsPerMinute,
      requestWaitMs,
    },
  );
}

async function unreadinessOf(store: Store): Promise<readonly string[]> {
  try {
    await store.ping({ signal: AbortSignal.timeout(pingTimeoutMs) });
    return [];
  } catch (error) {
    if (isGatewayError(error)) return [`${store.description}: ${error.message}`];
    throw error;
  }
}

/** What a configuration says to the domain. */
export function repositoryOptionsOf({ repository, rightsTtlMs }: Config): RepositoriesOptions {
  // A token may be half that old when the registry takes it as a proof: both together are no older than was asked for.
  return { ...repository, rightsMs: rightsTtlMs / 2 };
}

async function listenOptionsOf({ listen: address, tls }: Config): Promise<ListenOptions> {
  return tls === undefined ? address : { ...address, tls: await readTls(tls) };
}

/** Without a host: on every address, of IPv4 alone where the machine has no IPv6. */
async function listenOnAny<T>(
  options: ListenOptions,
  flag: string,
  open: (options: ListenOptions) => Promise<T>,
): Promise<T> {
  try {
    if (options.host !== undefined) return await open(options);
    return await open({ ...options, host: '::' }).catch((error: unknown) => {
      if (isErrno(error, 'EADDRINUSE')) throw error;
      return open({ ...options, host: '0.0.0.0' });
    });
  } catch (cause) {
    throw cannotListen(options, flag, cause);
  }
}

function cannotListen({ host = '', port }: ListenOptions, flag: string, cause: unknown): GatewayError {
  const said = cause instanceof Error ? cause.message : String(cause);
  const reason = isErrno(cause, 'EADDRINUSE') ? `it is in use; ${flag} chooses another address` : said;
  return new GatewayError('CONFIG_INVALID', `can't listen on ${host}:${port}: ${reason}`, { cause });
}

/** Without a line for each request: a monitor asks all day. */
function quietLog(log: Log): Log {
  return {
    debug: (fields, message) => {
      log.debug(fields, message);
    },
    info: () => undefined,
    isLevelEnabled: () => false,
    warn: (fields, message) => {
      log.warn(fields, message);
    },
    error: (fields, message) => {
      log.error(fields, message);
    },
    audit: (fields, message) => {
      log.audit(fields, message);
    },
  };
}
