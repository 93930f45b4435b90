import { dirname, resolve } from 'node:path';
import { readNamedFile } from '../files/text-file.ts';
import { createWatchedFile, fileVersions } from '../files/watched-file.ts';
import type { Clock, Log } from '../ports.ts';
import type { RepositoryCoordinates } from '../protocol/coordinates.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import { createPackageSignatures, type PackageSignatures, type PlaceKeys } from './package-signatures.ts';
import { isAbout, parseTrustPolicy, type TrustPolicy } from './policy.ts';
import { publicKeyFiles, readPublicKeys, type NamedKey } from './public-keys.ts';
import { createTrustedPublishers, type TrustedPublishers } from './trusted-publishers.ts';

export interface TrustOptions {
  /** YAML or JSON, see `parseTrustPolicy`; keys it names are relative to its folder. Default: nobody is let in by a policy. */
  readonly policyFile: string | undefined;
  /** Files or folders of public keys, one of which must have signed each package. None: packages need no signature. */
  readonly requiredKeys: readonly string[];
  /** More of them, by which signatures are judged and none is required. */
  readonly knownKeys: readonly string[];
}

/** What goes beyond the registry's own judgement of who may push what. */
export interface Trust {
  readonly publishers: TrustedPublishers | undefined;
  readonly signatures: PackageSignatures;
}

interface TrustFiles {
  readonly policy: TrustPolicy;
  readonly requiredKeys: readonly NamedKey[] | undefined;
  readonly knownKeys: readonly NamedKey[];
  /** Of each rule for signatures, in the policy's order. */
  readonly ruleKeys: readonly (readonly NamedKey[])[];
  /** Files and folders that all these keys were read from. */
  readonly keyPaths: readonly string[];
}

/**
 * Opens both, as far as the options ask for them. The files are read again while they are in use, at most once a second; one
 * that can't be used then changes nothing. Throws CONFIG_INVALID where one can't be used from the start.
 */
export async function openTrust(
  deps: {
    readonly clock: Pick<Clock, 'now' | 'monotonicMs'>;
    readonly log: Log;
    readonly fetch?: typeof fetch | undefined;
  },
  options: TrustOptions,
): Promise<Trust> {
  const { clock, log } = deps;
  let keyPaths: readonly string[] = [];
  const watched = createWatchedFile(clock, {
    version: () => versionOf(options.policyFile, keyPaths),
    load: async () => {
      const read = await readTrustFiles(options);
      keyPaths = read.keyPaths;
      return read;
    },
    onFault: (err) => {
      log.warn({ err }, 'the policy or its keys changed and cannot be used: what they said before holds');
    },
  });
  const opened = await watched.current();
  const current = () => watched.known() ?? opened;

  const keysFor = (at: RepositoryCoordinates): PlaceKeys => {
    const { policy, ruleKeys, requiredKeys, knownKeys } = current();
    const ofRules = policy.packageSignatures.flatMap((rule, index) =>
      isAbout(rule, at) ? [ruleKeys[index] ?? []] : [],
    );
    const required = ofRules.length > 0 ? ofRules.flat() : requiredKeys;
    return { required, known: [...(required ?? []), ...knownKeys] };
  };

  const issuerKeys = createIssuerKeys(deps);
  const hasPolicy = options.policyFile !== undefined;
  return {
    publishers: hasPolicy
      ? createTrustedPublishers({ policy: () => current().policy, issuerKeys, now: () => clock.now() })
      : undefined,
    signatures: createPackageSignatures(keysFor),
  };
}

async function readTrustFiles({ policyFile, ...options }: TrustOptions): Promise<TrustFiles> {
  const policy = await readPolicy(policyFile);
  const folder = dirname(policyFile ?? '.');
  const rulePaths = policy.packageSignatures.map(({ keys }) => keys.map((path) => resolve(folder, path)));
  const requiredKeys = options.requiredKeys.length === 0 ? undefined : readAll(options.requiredKeys);
  const ruleKeys = rulePaths.map(readAll);
  const [known, required, ...ofRules] = await Promise.all([readAll(options.knownKeys), requiredKeys, ...ruleKeys]);
  const keyPaths = [...options.requiredKeys, ...options.knownKeys, ...rulePaths.flat()];
  return { policy, ruleKeys: ofRules, requiredKeys: required, knownKeys: known, keyPaths };
}

/** Changes when the policy or one of the keys does, and when a key is added to a folder. */
async function versionOf(policyFile: string | undefined, keyPaths: readonly string[]): Promise<string> {
  const keyFiles = await Promise.all(keyPaths.map((path) => publicKeyFiles(path).catch(() => [path])));
  return fileVersions(...(policyFile === undefined ? [] : [policyFile]), ...keyFiles.flat());
}

async function readAll(paths: readonly string[]): Promise<readonly NamedKey[]> {
  return (await Promise.all(paths.map(readPublicKeys))).flat();
}

async function readPolicy(file: string | undefined): Promise<TrustPolicy> {
  if (file === undefined) return { publishers: [], packageSignatures: [] };
  return parseTrustPolicy(await readNamedFile(file, '--trusted-publishers'), file);
}
