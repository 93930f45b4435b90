import { encodeUserPassword } from '../../../oci/basic.ts';
import { join } from 'node:path';
import {
  createCredentialHelper,
  unlessMissing,
  type CredentialHelper,
} from '../../../credentials/credential-helper.ts';
import {
  credentialNames,
  credentialsIn,
  helperNameOf,
  parseDockerConfig,
  type DockerConfig,
} from '../../../credentials/docker-config.ts';
import { ifThere } from '../../../files/errno.ts';
import { readTextFile, writeTextFile } from '../../../files/text-file.ts';
import type { Login } from '../http/gateway-client.ts';

/** Where container tools keep logins: a folder's `config.json`, or the credential helper that it names. */
export interface LoginKeeper {
  /** The login of the longest name that is kept: `REGISTRY/IMAGE`, its parents, then `REGISTRY`. */
  find(name: string): Promise<Login | undefined>;
  /** Keeps a login; says where, and whether it is there in the clear. */
  keep(name: string, login: Login): Promise<{ readonly place: string; readonly isPlain: boolean }>;
  /** Forgets one; false where there was none. */
  forget(name: string): Promise<boolean>;
}

/**
 * The logins of Docker's configuration in `folder`. A helper that it names and that isn't installed is warned of, and done
 * without. Its methods throw CONFIG_INVALID where it can't be understood.
 */
export function createLoginKeeper(options: {
  readonly folder: string;
  readonly helperOf?: (name: string) => CredentialHelper;
  readonly warn?: (line: string) => void;
}): LoginKeeper {
  const file = join(options.folder, 'config.json');
  const helperOf = options.helperOf ?? createCredentialHelper;
  const missing = new Set<string>();
  const readConfig = async () => parseDockerConfig((await ifThere(readTextFile(file))) ?? '', file);
  const writeConfig = (config: DockerConfig) =>
    writeTextFile(file, `${JSON.stringify(config, null, '\t')}\n`, { mode: 0o600, folderMode: 0o700 });
  const orMissing = <T>(name: string, ask: () => Promise<T>) =>
    unlessMissing(ask, () => {
      if (!missing.has(name)) {
        options.warn?.(`warning: ${file} names docker-credential-${name}, which isn't installed; going on without it`);
      }
      missing.add(name);
    });
  const helperFor = (config: DockerConfig, name: string) => {
    const helper = helperNameOf(config, name);
    return helper === undefined ? undefined : { name: helper, program: helperOf(helper) };
  };
  const ask = async (config: DockerConfig, name: string) => {
    const helper = helperFor(config, name);
    return helper && orMissing(helper.name, () => helper.program.get(name));
  };

  return {
    async find(name) {
      const config = await readConfig();
      for (const candidate of credentialNames(name)) {
        const kept = await ask(config, candidate);
        if (kept !== undefined) return { username: kept.username, password: kept.secret };
        const found = credentialsIn(config, candidate);
        if (found?.kind === 'basic') return { username: found.username, password: found.password };
      }
      return undefined;
    },

    async keep(name, { username, password }) {
      const config = await readConfig();
      const helper = helperFor(config, name);
      const store = async (program: CredentialHelper) => {
        await program.store(name, { username, secret: password });
        return true;
      };
      if (helper !== undefined && (await orMissing(helper.name, () => store(helper.program))) === true) {
        return { place: `docker-credential-${helper.name}`, isPlain: false };
      }
      const auth = encodeUserPassword({ username, password });
      await writeConfig({ ...config, auths: { ...config.auths, [name]: { auth } } });
      return { place: file, isPlain: true };
    },

    async forget(name) {
      const config = await readConfig();
      const wasInHelper = (await ask(config, name)) !== undefined;
      if (wasInHelper) await helperFor(config, name)?.program.erase(name);
      const { [name]: entry, ...auths } = config.auths ?? {};
      if (entry !== undefined) await writeConfig({ ...config, auths });
      return wasInHelper || entry !== undefined;
    },
  };
}
