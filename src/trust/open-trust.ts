import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { GatewayError } from '../errors.ts';
import type { Log } from '../ports.ts';
import type { RepositoryCoordinates } from '../protocol/coordinates.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import { createPackageSignatures, type PackageSignatures, type PlaceKeys } from './package-signatures.ts';
import { isAbout, parseTrustPolicy, type TrustPolicy } from './policy.ts';
import { readPublicKeys, type NamedKey } from './public-keys.ts';
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
}

const lookAgainMs = 1000;

/**
 * Opens both, as far as the options ask for them. The files are read again while they are in use, at most once a second; one
 * that can't be used then changes nothing. Throws CONFIG_INVALID where one can't be used from the start.
 */
export async function openTrust(
  deps: { readonly now: () => number; readonly log: Log; readonly fetch?: typeof fetch },
  options: TrustOptions,
): Promise<Trust> {
  const { now, log } = deps;
  let files = await readTrustFiles(options);
  let lookedAtMs = now();

  const current = (): TrustFiles => {
    if (now() - lookedAtMs < lookAgainMs) return files;
    lookedAtMs = now();
    readTrustFiles(options).then(
      (read) => {
        files = read;
      },
      (error: unknown) => {
        log.warn({ err: error }, 'the policy or its keys changed and cannot be used: what they said before holds');
      },
    );
    return files;
  };

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
    publishers: hasPolicy ? createTrustedPublishers({ policy: () => current().policy, issuerKeys, now }) : undefined,
    signatures: createPackageSignatures(keysFor),
  };
}

async function readTrustFiles({ policyFile, ...options }: TrustOptions): Promise<TrustFiles> {
  const policy = await readPolicy(policyFile);
  const folder = dirname(policyFile ?? '.');
  const ruleKeys = policy.packageSignatures.map(({ keys }) => readAll(keys.map((path) => resolve(folder, path))));
  const requiredKeys = options.requiredKeys.length === 0 ? undefined : readAll(options.requiredKeys);
  const [known, required, ...ofRules] = await Promise.all([readAll(options.knownKeys), requiredKeys, ...ruleKeys]);
  return { policy, ruleKeys: ofRules, requiredKeys: required, knownKeys: known };
}

async function readAll(paths: readonly string[]): Promise<readonly NamedKey[]> {
  return (await Promise.all(paths.map(readPublicKeys))).flat();
}

async function readPolicy(file: string | undefined): Promise<TrustPolicy> {
  if (file === undefined) return { publishers: [], packageSignatures: [] };
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new GatewayError('CONFIG_INVALID', `--trusted-publishers ${file} can't be read`, { cause });
  });
  return parseTrustPolicy(text, file);
}
