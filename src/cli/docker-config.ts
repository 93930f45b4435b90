import { join } from 'node:path';
import { z } from 'zod';
import { GatewayError } from '../errors.ts';
import { readTextFile, writeTextFile } from './atomic-text-file.ts';
import { createCredentialHelper } from './credential-helper.ts';
import type { CredentialHelper } from './credential-helper.ts';
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

const entrySchema = z.looseObject({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
});
const configSchema = z.looseObject({
  auths: z.record(z.string(), entrySchema).optional(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
});
type DockerConfig = z.output<typeof configSchema>;

/** The logins of Docker's configuration in `folder`. Throws CONFIG_INVALID where its file can't be understood. */
export function createLoginKeeper(options: {
  readonly folder: string;
  readonly helperOf?: (name: string) => CredentialHelper;
}): LoginKeeper {
  const file = join(options.folder, 'config.json');
  const helperOf = options.helperOf ?? createCredentialHelper;
  const helperFor = (config: DockerConfig, name: string) => {
    const helper = config.credHelpers?.[name] ?? config.credHelpers?.[registryOf(name)] ?? config.credsStore;
    return helper === undefined || helper === '' ? undefined : { name: helper, ...helperOf(helper) };
  };

  return {
    async find(name) {
      const config = await readConfig(file);
      for (const candidate of candidatesOf(name)) {
        const login = (await helperFor(config, candidate)?.get(candidate)) ?? loginIn(config, candidate);
        if (login !== undefined) return login;
      }
      return undefined;
    },

    async keep(name, login) {
      const config = await readConfig(file);
      const helper = helperFor(config, name);
      if (helper !== undefined) {
        await helper.store(name, login);
        return { place: `docker-credential-${helper.name}`, isPlain: false };
      }
      const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64');
      await writeConfig(file, { ...config, auths: { ...config.auths, [name]: { auth } } });
      return { place: file, isPlain: true };
    },

    async forget(name) {
      const config = await readConfig(file);
      const helper = helperFor(config, name);
      const wasInHelper = (await helper?.get(name)) !== undefined;
      if (wasInHelper) await helper?.erase(name);
      const { [name]: entry, ...auths } = config.auths ?? {};
      if (entry !== undefined) await writeConfig(file, { ...config, auths });
      return wasInHelper || entry !== undefined;
    },
  };
}

function candidatesOf(name: string): readonly string[] {
  const segments = name.split('/');
  return segments.map((_, index) => segments.slice(0, segments.length - index).join('/'));
}

function registryOf(name: string): string {
  return name.split('/', 1)[0] ?? name;
}

function loginIn(config: DockerConfig, name: string): Login | undefined {
  const entry = config.auths?.[name] ?? config.auths?.[`https://${name}`];
  if (entry?.username !== undefined && entry.password !== undefined) {
    return { username: entry.username, password: entry.password };
  }
  const text = Buffer.from(entry?.auth ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

async function readConfig(file: string): Promise<DockerConfig> {
  const text = await readTextFile(file);
  if (text === undefined || text.trim() === '') return {};
  try {
    return configSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `${file} is not a Docker configuration`, { cause });
  }
}

async function writeConfig(file: string, config: DockerConfig): Promise<void> {
  await writeTextFile(file, `${JSON.stringify(config, null, '\t')}\n`, { mode: 0o600, folderMode: 0o700 });
}
