import { join } from 'node:path';
import { contradictionsOf, givenSchema, type Given } from './schema.ts';
import { environmentName, settings, type GivenSettings, type Setting } from './settings.ts';
import type { ListenAddress } from './values.ts';
import { GatewayError } from '../errors.ts';
import { homeFolder } from '../files/home-folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where packages are kept. */
export type StoreConfig =
  | {
      readonly kind: 'registry';
      /** `host` or `host:port`. */
      readonly host: string;
      readonly isPlainHttp: boolean;
      readonly isInsecure: boolean;
      readonly caFile: string | undefined;
      /** Undefined: as many as are wanted. */
      readonly requestsPerMinute: number | undefined;
      /** Where the gateway's own credentials are looked for, in this order. */
      readonly authFiles: readonly string[];
    }
  | {
      readonly kind: 'directory';
      readonly directory: string;
      readonly htpasswdFile: string | undefined;
      /** Undefined: all who are in the file. */
      readonly htpasswdWriters: readonly string[] | undefined;
      /** Whether everybody reads without being asked who they are. */
      readonly isPublicRead: boolean;
    };

/** Everything lkard was told, complete and checked: what was left out has its default. Times in milliseconds. */
export interface Config {
  readonly singleImage: string | undefined;
  readonly listen: ListenAddress;
  /** Where metrics are served; undefined for where all else is. */
  readonly metricsListen: ListenAddress | undefined;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly store: StoreConfig;
  /** Where lkard keeps what it makes for itself. */
  readonly dataDirectory: string;
  readonly signing: {
    readonly keyFiles: readonly string[];
    readonly aesKey: Uint8Array | undefined;
    readonly passphrase: string | undefined;
    readonly hasSha1Signatures: boolean;
  };
  readonly trust: {
    readonly policyFile: string | undefined;
    readonly requiredKeys: readonly string[];
    readonly knownKeys: readonly string[];
  };
  readonly http: {
    readonly domain: string | undefined;
    readonly trustedProxies: readonly string[];
    readonly isUiEnabled: boolean;
    readonly anonymousAsGateway: 'read' | 'write' | undefined;
    readonly hasPublicKeys: boolean;
    readonly redirectsBlobs: boolean;
    readonly giteaImage: string;
    readonly buildkiteImage: string;
    readonly artifactdImage: string;
    readonly defaultBranch: string;
    readonly defaultRepository: string;
    readonly maxPackageBytes: number;
    readonly maxUploads: number;
    readonly maxWaiting: number;
    readonly waitMs: number;
    readonly tempDirectory: string | undefined;
    readonly refusalsPerMinute: number;
    readonly requestsPerSecond: number;
  };
  readonly packageCacheBytes: number;
  readonly freshnessMs: number;
  readonly recheckMs: number;
  readonly rightsTtlMs: number;
  readonly staleForMs: number;
  readonly publishTimeoutMs: number;
  /** Processes that serve together. */
  readonly workers: number;
  /** Infinity for ever. */
  readonly keepSupersededMs: number;
  readonly drainTimeoutMs: number;
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error';
    readonly format: 'auto' | 'json' | 'text';
    /** `-` for standard output; undefined for among the other lines. */
    readonly auditFile: string | undefined;
  };
}

/**
 * The configuration that flags (first) and environment give together; the image to serve alone, where there is one, is the
 * setting `image`. Throws CONFIG_INVALID that names every fault.
 */
export function readConfig(flags: GivenSettings, environment: Environment): Config {
  const parsed = givenSchema.safeParse({ ...settingsOf(environment), ...flags });
  if (!parsed.success)
    throw invalidConfig(parsed.error.issues.map(({ path, message }) => `${flagOf(path)} ${message}`));
  const config = completed(parsed.data, environment);
  const faults = contradictionsOf(parsed.data, config.listen);
  if (faults.length > 0) throw invalidConfig(faults);
  return frozen(config);
}

/** The configuration as JSON for people, without its secrets. */
export function formatConfig(config: Config): string {
  const mask = (key: string, value: unknown) => {
    if (value === Infinity) return 'forever';
    return (key === 'aesKey' || key === 'passphrase') && value !== undefined ? '(hidden)' : value;
  };
  return JSON.stringify(config, mask, 2);
}

function settingsOf(environment: Environment): GivenSettings {
  const given = settings().map((setting) => [
    setting.name,
    valueOf(setting, environment[environmentName(setting.name)]),
  ]);
  return Object.fromEntries(given) as GivenSettings;
}

function valueOf({ kind }: Setting, text: string | undefined): string | true | readonly string[] | undefined {
  // A variable that is there and empty says nothing: charts and compose files write such.
  if (text === undefined || text === '') return undefined;
  if (kind === 'list') return text.split(',').map((item) => item.trim());
  const isSwitch = kind === 'switch' || kind === 'optional';
  if (isSwitch && /^(1|true|yes|on)$/i.test(text)) return true;
  return isSwitch && /^(0|false|no|off)$/i.test(text) ? undefined : text;
}

function completed(given: Given, environment: Environment): Config {
  const { backend } = given;
  return {
    singleImage: given.image,
    listen: given.addr ?? { host: backend === undefined ? '127.0.0.1' : undefined, port: 9887 },
    metricsListen: given['metrics-addr'],
    tls: tlsOf(given),
    store: storeOf(given, environment),
    dataDirectory: given.data,
    signing: {
      keyFiles: given['signing-key'],
      aesKey: given['aes-key'],
      passphrase: given['key-passphrase'] ?? given['key-passphrase-file'],
      hasSha1Signatures: given['sha1-signatures'],
    },
    trust: {
      policyFile: given['trusted-publishers'],
      requiredKeys: given['require-signed-by'],
      knownKeys: given['known-signers'],
    },
    http: httpOf(given),
    packageCacheBytes: given['package-cache'],
    freshnessMs: given.freshness,
    recheckMs: given.recheck,
    rightsTtlMs: given['rights-ttl'],
    staleForMs: given['stale-for'],
    publishTimeoutMs: given['publish-timeout'],
    workers: given.workers,
    keepSupersededMs: given['keep-superseded'],
    drainTimeoutMs: given['drain-timeout'],
    log: { level: given['log-level'], format: given['log-format'], auditFile: given['audit-log'] },
  };
}

function tlsOf(given: Given): Config['tls'] {
  const { 'tls-cert': certFile, 'tls-key': keyFile } = given;
  return certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };
}

function storeOf(given: Given, environment: Environment): StoreConfig {
  const { backend, data, htpasswd } = given;
  if (backend === undefined) {
    const htpasswdWriters = given['htpasswd-writers']?.flatMap((names) => names.split(','));
    const isPublicRead = given['public-read'];
    return { kind: 'directory', directory: data, htpasswdFile: htpasswd, htpasswdWriters, isPublicRead };
  }
  const { 'no-https': isPlainHttp, insecure: isInsecure, 'client-ca': caFile } = given;
  const authFiles = authFilesOf(given, environment);
  // Each process has its share.
  const requestsPerMinute = Math.ceil(given['registry-requests'] / given.workers) || undefined;
  return { kind: 'registry', host: backend, isPlainHttp, isInsecure, caFile, requestsPerMinute, authFiles };
}

/** As podman and its kin look for them: one file that is named, else their own, then Docker's, or a pull secret in its place. */
function authFilesOf(given: Given, environment: Environment): readonly string[] {
  const { REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR } = environment;
  const home = homeFolder() ?? '/';
  const { XDG_CONFIG_HOME = join(home, '.config'), DOCKER_CONFIG = join(home, '.docker') } = environment;
  const named = given['registry-auth-file'] ?? REGISTRY_AUTH_FILE;
  if (named !== undefined) return [named];
  const ofUser = `/run/containers/${process.getuid?.() ?? 0}`;
  const ofSession = XDG_RUNTIME_DIR === undefined ? ofUser : join(XDG_RUNTIME_DIR, 'containers');
  return [
    join(ofSession, 'auth.json'),
    join(XDG_CONFIG_HOME, 'containers', 'auth.json'),
    join(DOCKER_CONFIG, 'config.json'),
    join(DOCKER_CONFIG, '.dockerconfigjson'),
    join(home, '.dockercfg'),
  ];
}

function httpOf(given: Given): Config['http'] {
  return {
    domain: given.domain,
    trustedProxies: given['trusted-proxy'],
    isUiEnabled: !given['disable-ui'],
    anonymousAsGateway: given['anonymous-as-gateway'],
    hasPublicKeys: given['public-keys'],
    redirectsBlobs: given['redirect-blobs'],
    giteaImage: given['gitea-image'],
    buildkiteImage: given['buildkite-image'],
    artifactdImage: given['artifactd-image'],
    defaultBranch: given['default-branch'],
    defaultRepository: given['default-repository'],
    maxPackageBytes: given['max-package-size'],
    maxUploads: given['max-uploads'],
    maxWaiting: given['upload-queue'],
    waitMs: given['upload-wait'],
    tempDirectory: given['temp-dir'],
    refusalsPerMinute: given['max-refusals'],
    requestsPerSecond: given['rate-limit'],
  };
}

function flagOf([name]: readonly PropertyKey[]): string {
  return name === 'image' ? 'IMAGE' : `--${String(name)}:`;
}

function invalidConfig(faults: readonly string[]): GatewayError {
  return new GatewayError('CONFIG_INVALID', faults.join('; '));
}

function frozen(config: Config): Config {
  for (const part of [config.listen, config.tls, config.store, config.signing, config.trust, config.http, config.log])
    Object.freeze(part);
  return Object.freeze(config);
}
