import { proxiesOf, type Environment, type Proxies } from './proxies.ts';
import { join } from 'node:path';
import { contradictionsOf } from './contradictions.ts';
import { availableMemory, planMemory, type MemoryPlan } from './memory.ts';
import { fieldsOf, readGiven, type Fields, type Given } from './given.ts';
import { environmentName, settings, type GivenSettings, type Setting } from './settings.ts';
import type { ListenAddress } from './values.ts';
import { GatewayError } from '../errors.ts';
import { homeFolder } from '../files/home-folder.ts';

/** Where packages are kept. */
export type StoreConfig =
  | {
      readonly kind: 'registry';
      /** `host` or `host:port`. */
      readonly host: string;
      readonly isPlainHttp: boolean;
      readonly isInsecure: boolean;
      readonly caFile: string | undefined;
      readonly proxies: Proxies;
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

/**
 * Everything lkard was told, complete and checked: the fields that the table of settings names, and those that are made of several
 * settings. Times in milliseconds, sizes in bytes.
 */
export interface Config extends Omit<Fields, 'signing' | 'http' | 'repository'> {
  readonly singleImage: string | undefined;
  readonly listen: ListenAddress;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly store: StoreConfig;
  /** How others than the registry are reached, issuers of tokens for instance: the file of authorities is PEM. */
  readonly outside: { readonly proxies: Proxies; readonly caFile: string | undefined };
  readonly signing: Fields['signing'] & { readonly passphrase: string | undefined };
  readonly http: Fields['http'] & Pick<MemoryPlan, 'maxPayloads'> & { readonly maxUploadBytes: number };
  readonly repository: Fields['repository'] & Pick<MemoryPlan, 'maxIndexBytes'>;
}

/**
 * The configuration that flags (first) and environment give together; the image to serve alone, where there is one, is the
 * setting `image`. Throws CONFIG_INVALID that names every fault.
 */
export function readConfig(flags: GivenSettings, environment: Environment): Config {
  const read = readGiven({ ...settingsOf(environment), ...flags });
  if ('faults' in read) throw invalidConfig(read.faults);
  const config = completed(read.given, environment);
  const faults = contradictionsOf(read.given, config.listen);
  if (faults.length > 0) throw invalidConfig(faults);
  return frozen(config);
}

/** The configuration as JSON for people, without its secrets. */
export function formatConfig(config: Config): string {
  const mask = (key: string, value: unknown) => {
    if (value === Infinity) return 'forever';
    if ((key === 'httpProxy' || key === 'httpsProxy') && String(value).includes('@')) return '(hidden)';
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
  const fields = fieldsOf(given);
  const passphrase = given['key-passphrase'] ?? given['key-passphrase-file'];
  const { maxUploads, maxPayloads, maxCachedBytes, maxIndexBytes } = memoryOf(given);
  const maxUploadBytes = given['max-upload-size'] ?? fields.http.maxPackageBytes;
  return {
    ...fields,
    singleImage: given.image,
    listen: given.addr ?? { host: given.backend === undefined ? '127.0.0.1' : undefined, port: 9887 },
    tls: tlsOf(given),
    store: storeOf(given, environment),
    signing: { ...fields.signing, passphrase },
    outside: { proxies: proxiesOf(environment), caFile: authoritiesOf(environment) },
    http: { ...fields.http, maxUploads, maxPayloads, maxUploadBytes },
    repository: { ...fields.repository, maxCachedBytes, maxIndexBytes },
  };
}

/** As was given, or less where that is more than there is memory for. */
function memoryOf(given: Given): MemoryPlan {
  const plan = planMemory((given.memory ?? availableMemory()) / given.workers);
  return {
    maxUploads: Math.min(given['max-uploads'], plan.maxUploads),
    maxCachedBytes: Math.min(given['package-cache'], plan.maxCachedBytes),
    maxPayloads: plan.maxPayloads,
    maxIndexBytes: plan.maxIndexBytes,
  };
}

function tlsOf(given: Given): Config['tls'] {
  const { 'tls-cert': certFile, 'tls-key': keyFile } = given;
  return certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };
}

function storeOf(given: Given, environment: Environment): StoreConfig {
  const { backend, data, htpasswd } = given;
  if (backend === undefined) {
    const writers = given['htpasswd-writers'].flatMap((names) => names.split(','));
    const htpasswdWriters = writers.length === 0 ? undefined : writers;
    const isPublicRead = given['public-read'];
    return { kind: 'directory', directory: data, htpasswdFile: htpasswd, htpasswdWriters, isPublicRead };
  }
  const { 'no-https': isPlainHttp, insecure: isInsecure } = given;
  const caFile = given['client-ca'] ?? authoritiesOf(environment);
  const authFiles = authFilesOf(given, environment);
  // Each process has its share.
  const requestsPerMinute = Math.ceil(given['registry-requests'] / given.workers) || undefined;
  const proxies = proxiesOf(environment);
  return { kind: 'registry', host: backend, isPlainHttp, isInsecure, caFile, proxies, requestsPerMinute, authFiles };
}

/** The file that programs made with Go and OpenSSL take in place of the system's. */
function authoritiesOf({ SSL_CERT_FILE }: Environment): string | undefined {
  return SSL_CERT_FILE === '' ? undefined : SSL_CERT_FILE;
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

function invalidConfig(faults: readonly string[]): GatewayError {
  return new GatewayError('CONFIG_INVALID', faults.join('; '));
}

function frozen(config: Config): Config {
  for (const part of Object.values(config)) Object.freeze(part);
  return Object.freeze(config);
}
