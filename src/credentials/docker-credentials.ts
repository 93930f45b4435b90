import { readFile, stat } from 'node:fs/promises';
import { createCredentialHelper } from './credential-helper.ts';
import type { CredentialHelper } from './credential-helper.ts';
import { credentialNames, credentialsIn, credentialsOf, helperNameOf, parseDockerConfig } from './docker-config.ts';
import type { DockerConfig } from './docker-config.ts';
import type { GatewayCredentials, RegistryCredentials } from '../store/registry-credentials.ts';

export interface DockerCredentialsOptions {
  /** `HOST[:PORT]` of the registry. */
  readonly host: string;
  /** Files as Docker's config.json, asked in this order; those that aren't there say nothing. */
  readonly files: readonly string[];
  /** How long a helper's answer is kept. Default: 60,000 ms. */
  readonly helperTtlMs?: number | undefined;
}

/**
 * The gateway's own credentials, from where container tools keep them: those of the longest name that fits the image, in the
 * first file that has any; anonymous where none has. Files are read again when they change. `find` throws CONFIG_INVALID where
 * a file or its helper can't be used.
 */
export function createDockerCredentials(
  deps: { readonly now: () => number; readonly helperOf?: (name: string) => CredentialHelper },
  options: DockerCredentialsOptions,
): GatewayCredentials {
  const { now, helperOf = createCredentialHelper } = deps;
  const { host, files, helperTtlMs = 60_000 } = options;
  const configs = new Map<string, { readonly version: string; readonly config: DockerConfig }>();
  const answers = new Map<string, { readonly atMs: number; readonly found: RegistryCredentials | undefined }>();

  async function readConfig(file: string): Promise<DockerConfig> {
    const stats = await stat(file).catch(() => undefined);
    if (stats === undefined) return {};
    const version = `${stats.mtimeMs} ${stats.size} ${stats.ino}`;
    const known = configs.get(file);
    if (known?.version === version) return known.config;
    const config = parseDockerConfig(await readFile(file, 'utf8'), file);
    configs.set(file, { version, config });
    return config;
  }

  async function askHelper(helper: string, name: string): Promise<RegistryCredentials | undefined> {
    const key = `${helper} ${name}`;
    const known = answers.get(key);
    if (known !== undefined && now() - known.atMs < helperTtlMs) return known.found;
    const kept = await helperOf(helper).get(name);
    const found = kept && credentialsOf(kept.username, kept.secret);
    // As many names as images: bounded, since callers choose those.
    if (answers.size >= 1000) answers.clear();
    answers.set(key, { atMs: now(), found });
    return found;
  }

  return {
    async find(image) {
      for (const file of files) {
        const config = await readConfig(file);
        for (const name of credentialNames(`${host}/${image}`).flatMap(spellingsOf)) {
          const helper = helperNameOf(config, name);
          const found = (helper && (await askHelper(helper, name))) ?? credentialsIn(config, name);
          if (found !== undefined && found !== '') return found;
        }
      }
      return { kind: 'anonymous' };
    },
  };
}

/** Docker Hub is kept under the name of its first registry. */
function spellingsOf(name: string): readonly string[] {
  return name === 'docker.io' || name === 'registry-1.docker.io'
    ? [name, 'index.docker.io', 'https://index.docker.io/v1/']
    : [name];
}
