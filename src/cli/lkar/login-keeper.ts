import { join } from 'node:path';
import { createCredentialHelper, type CredentialHelper } from '../../credentials/credential-helper.ts';
import {
  credentialNames,
  credentialsIn,
  helperNameOf,
  parseDockerConfig,
  type DockerConfig,
} from '../../credentials/docker-config.ts';
import { readTextFile, writeTextFile } from '../../files/atomic-text-file.ts';
import type { Login } from './gateway-client.ts';

/** Where container tools keep logins: a folder's `config.json`, or the credential helper that it names. */
export interface LoginKeeper {
  /** The login of the longest name that is kept: `REGISTRY/IMAGE`, its parents, then `REGISTRY`. */
  find(name: string): Promise<Login | undefined>;
  /** Keeps a login; says where, and whether it stands there in the clear. */
  keep(name: string, login: Login): Promise<{ readonly place: string; readonly isPlain: boolean }>;
  /** Forgets one; false where there was none. */
  forget(name: string): Promise<boolean>;
}

/** The logins of Docker's configuration in `folder`. Its methods throw CONFIG_INVALID where it can't be understood. */
export function createLoginKeeper(options: {
  readonly folder: string;
  readonly helperOf?: (name: string) => CredentialHelper;
}): LoginKeeper {
  const file = join(options.folder, 'config.json');
  const helperOf = options.helperOf ?? createCredentialHelper;
  const readConfig = async () => parseDockerConfig((await readTextFile(file)) ?? '', file);
  const writeConfig = (config: DockerConfig) =>
    writeTextFile(file, `${JSON.stringify(config, null, '\t')}\n`, { mode: 0o600, folderMode: 0o700 });
  const helperFor = (config: DockerConfig, name: string) => {
    const helper = helperNameOf(config, name);
    return helper === undefined ? undefined : { name: helper, program: helperOf(helper) };
  };

  return {
    async find(name) {
      const config = await readConfig();
      for (const candidate of credentialNames(name)) {
        const kept = await helperFor(config, candidate)?.program.get(candidate);
        if (kept !== undefined) return { username: kept.username, password: kept.secret };
        const found = credentialsIn(config, candidate);
        if (found?.kind === 'basic') return { username: found.username, password: found.password };
      }
      return undefined;
    },

    async keep(name, { username, password }) {
      const config = await readConfig();
      const helper = helperFor(config, name);
      if (helper !== undefined) {
        await helper.program.store(name, { username, secret: password });
        return { place: `docker-credential-${helper.name}`, isPlain: false };
      }
      const auth = Buffer.from(`${username}:${password}`).toString('base64');
      await writeConfig({ ...config, auths: { ...config.auths, [name]: { auth } } });
      return { place: file, isPlain: true };
    },

    async forget(name) {
      const config = await readConfig();
      const helper = helperFor(config, name);
      const wasInHelper = (await helper?.program.get(name)) !== undefined;
      if (wasInHelper) await helper?.program.erase(name);
      const { [name]: entry, ...auths } = config.auths ?? {};
      if (entry !== undefined) await writeConfig({ ...config, auths });
      return wasInHelper || entry !== undefined;
    },
  };
}
