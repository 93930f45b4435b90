import * as z from 'zod';
import { GatewayError } from '../errors.ts';
import { decodeUserPassword } from '../oci/basic.ts';
import { parseJson } from '../oci/json.ts';
import type { RegistryCredentials } from '../store/registry/login/registry-credentials.ts';

// What they don't have some tools write as empty text or null.
const textSchema = z.string().nullish();
const entrySchema = z.looseObject({
  auth: textSchema,
  username: textSchema,
  password: textSchema,
  identitytoken: textSchema,
  registrytoken: textSchema,
});
const configSchema = z.looseObject({
  auths: z.record(z.string(), entrySchema).optional(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
});

/** Docker's config.json, or auth.json of other container tools, or a pull secret; what isn't about credentials stays in it. */
export type DockerConfig = z.output<typeof configSchema>;

/** The configuration in `text`; an empty one says nothing. Throws CONFIG_INVALID, naming `file`. */
export function parseDockerConfig(text: string, file: string): DockerConfig {
  if (text.trim() === '') return {};
  const document = parseJson(text);
  if (document === undefined) throw invalid(file, 'no JSON');
  // Docker's first file, and the secret made of it, has nothing but logins.
  const parsed = configSchema.safeParse(/\.dockercfg$/.test(file) ? { auths: document } : document);
  if (!parsed.success) throw invalid(file, 'of another form');
  return parsed.data;
}

/** Without a cause, which would quote what couldn't be read. */
function invalid(file: string, reason: string): GatewayError {
  return new GatewayError('CONFIG_INVALID', `${file} is not a Docker configuration: ${reason}`);
}

/** The names that credentials for `HOST/IMAGE` may be kept under, the longest first, down to the host alone. */
export function credentialNames(name: string): readonly string[] {
  const segments = name.split('/');
  return segments.map((_, index) => segments.slice(0, segments.length - index).join('/'));
}

/** The helper that keeps the credentials for a name: its own, its host's, or the one for all. */
export function helperNameOf(config: DockerConfig, name: string): string | undefined {
  const host = name.split('/', 1)[0] ?? name;
  const helper = config.credHelpers?.[name] ?? config.credHelpers?.[host] ?? config.credsStore;
  return helper === '' ? undefined : helper;
}

/** What is in the file itself under exactly this name, however its key is spelled. */
export function credentialsIn(config: DockerConfig, name: string): RegistryCredentials | undefined {
  const entries = Object.entries(config.auths ?? {});
  const entry = config.auths?.[name] ?? entries.find(([key]) => plainName(key) === name)?.[1];
  if (entry === undefined) return undefined;
  const { username, password } = loginOf(entry);
  if (isFilled(entry.registrytoken)) return { kind: 'bearer', token: entry.registrytoken };
  if (isFilled(entry.identitytoken)) return { kind: 'identity', username: username ?? '', token: entry.identitytoken };
  return username === undefined || password === undefined ? undefined : credentialsOf(username, password);
}

/** A user and password as they are kept; the user `<token>` marks the password as an identity token. */
export function credentialsOf(username: string, password: string): RegistryCredentials {
  return username === '<token>'
    ? { kind: 'identity', username, token: password }
    : { kind: 'basic', username, password };
}

/** Some tools write `https://host/v1/` where others write `host`. */
function plainName(key: string): string {
  return key
    .replace(/^https?:\/\//, '')
    .replace(/(?<!\/)\/*$/, '')
    .replace(/\/v[12]$/, '');
}

function isFilled(text: string | null | undefined): text is string {
  return text !== undefined && text !== null && text !== '';
}

function loginOf(entry: z.output<typeof entrySchema>): { username?: string; password?: string } {
  if (isFilled(entry.username) && isFilled(entry.password)) {
    return { username: entry.username, password: entry.password };
  }
  // Some tools break it into lines.
  const login = decodeUserPassword((entry.auth ?? '').replace(/\s/g, ''));
  if (login === undefined || login.username === '') return {};
  // Docker pads what it encodes with NULs.
  return { username: login.username, password: login.password.replace(/(?<!\0)\0+$/, '') };
}
