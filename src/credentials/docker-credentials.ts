import { createConfigFiles } from './config-files.ts';
import { createCredentialHelper, unlessMissing, type CredentialHelper } from './credential-helper.ts';
import { credentialNames, credentialsIn, credentialsOf, type DockerConfig } from './docker-config.ts';
import { createKeptCalls } from '../concurrency/kept-calls.ts';
import type { Log } from '../ports.ts';
import type { GatewayCredentials, RegistryCredentials } from '../store/registry/login/registry-credentials.ts';
import type { MonotonicClock } from '../time/monotonic.ts';

export interface DockerCredentialsOptions {
  /** `HOST[:PORT]` of the registry. */
  readonly host: string;
  /** Files as Docker's config.json, or folders where a pull secret is mounted; those that aren't there say nothing. */
  readonly files: readonly string[];
  /** How long a helper's answer is kept. Default: 60,000 ms. */
  readonly helperTtlMs?: number | undefined;
  /** How long a file is taken to be unchanged without looking. Default: 1,000 ms. */
  readonly lookAgainMs?: number | undefined;
}

type Found = RegistryCredentials | undefined;

const maxHelpers = 100;

/**
 * The gateway's own credentials, from where container tools keep them: of the first file that has any, its helper for the
 * host (`credHelpers`), else the longest name in the file that fits the image, else the helper for all (`credsStore`), else
 * the host's entry; anonymous where there is none. A helper that isn't installed is warned of, once. `find` throws
 * CONFIG_INVALID where a file or its helper can't be used.
 */
export function createDockerCredentials(
  deps: {
    readonly clock: MonotonicClock;
    readonly helperOf?: (name: string) => CredentialHelper;
    readonly log?: Pick<Log, 'warn'> | undefined;
  },
  options: DockerCredentialsOptions,
): GatewayCredentials {
  const { clock, helperOf = createCredentialHelper, log } = deps;
  const { host, files, helperTtlMs = 60_000, lookAgainMs } = options;
  const configs = createConfigFiles(deps, { lookAgainMs });
  const hosts = spellingsOf(host);
  const missing = new Set<string>();
  const shareAnswer = createKeptCalls<Found>({ max: maxHelpers, life: { clock, ttlMs: helperTtlMs } });

  const warnOfMissing = (helper: string, file: string) => {
    if (!missing.has(helper)) {
      log?.warn({ file, helper }, 'a credential helper is named there that is not installed; going on without it');
    }
    missing.add(helper);
  };

  /** Helpers know hosts only, and starting one takes time: one question for all images, and for all who ask meanwhile. */
  const askHelper = (helper: string, file: string): Promise<Found> =>
    shareAnswer(helper, () =>
      firstOf(hosts, async (name) => {
        const ask = () => helperOf(helper).get(name);
        const kept = await unlessMissing(ask, () => {
          warnOfMissing(helper, file);
        });
        // Some helpers say by an empty secret that they have none.
        return kept === undefined || kept.secret === '' ? undefined : credentialsOf(kept.username, kept.secret);
      }),
    );

  const findIn = async (config: DockerConfig, file: string, image: string): Promise<Found> => {
    const own = hosts.map((name) => config.credHelpers?.[name]).find((name) => name !== undefined && name !== '');
    const kept = own === undefined ? undefined : await askHelper(own, file);
    if (kept !== undefined) return kept;
    const ofImage = entryOf(config, hosts, credentialNames(image));
    if (ofImage !== undefined) return ofImage;
    const common = own === undefined ? (config.credsStore ?? '') : '';
    return (common === '' ? undefined : await askHelper(common, file)) ?? entryOf(config, hosts, ['']);
  };

  return {
    async find(image) {
      const found = await firstOf(files, async (file) => findIn(await configs.read(file), file, image));
      return found ?? { kind: 'anonymous' };
    },
  };
}

/** What the file itself has under the first of these paths, whatever name the host goes by there. */
function entryOf(config: DockerConfig, hosts: readonly string[], paths: readonly string[]): Found {
  const names = paths.flatMap((path) => hosts.map((host) => (path === '' ? host : `${host}/${path}`)));
  return names.map((name) => credentialsIn(config, name)).find((found) => found !== undefined);
}

async function firstOf<T>(items: readonly T[], find: (item: T) => Promise<Found>): Promise<Found> {
  for (const item of items) {
    const found = await find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Docker Hub goes by three names, and Docker itself keeps its login under the address of its first registry. */
function spellingsOf(host: string): readonly string[] {
  const names = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];
  return names.includes(host) ? ['https://index.docker.io/v1/', ...names] : [host];
}
