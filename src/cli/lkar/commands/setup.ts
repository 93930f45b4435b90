import { NOARCH } from '../../../apk/architectures.ts';
import { createPublicKey } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError, isGatewayError } from '../../../errors.ts';
import { ifThere } from '../../../files/errno.ts';
import { modeOf, readTextFile, writeTextFile } from '../../../files/text-file.ts';
import type { GatewayClient, Login } from '../http/gateway-client.ts';
import type { PublicJwk } from '../http/gateway-lines.ts';
import type { Session } from '../session.ts';
import { repositoriesFileOf, suitedIndex, withRepositoryLine, type IndexFormat } from './repositories-file.ts';
import { imageSegments, urlOf } from '../../shared/target.ts';
import { printLine, sayLine } from '../../shared/terminal.ts';

export interface SetupOptions {
  /** Replaces keys that differ. */
  readonly force?: boolean | undefined;
  /** The root of the system to set up; default the running one, which takes root. */
  readonly root?: string | undefined;
  /** Which index apk is to read; default that which suits the apk there. */
  readonly index?: string | undefined;
}

/** Where Alpine and what is made of it have it. */
const apkPlaces = ['/sbin/apk', '/usr/sbin/apk', '/usr/bin/apk', '/bin/apk'];

interface Key {
  readonly fileName: string;
  readonly pem: string;
}

/**
 * Lets apk on a system install from a repository: its keys in etc/apk/keys, its line in etc/apk/repositories, whose other
 * lines stay. Doing it again changes nothing. Throws REQUEST_INVALID without the rights, PACKAGE_EXISTS where another key
 * has the name.
 */
export async function setUp(
  session: Session,
  place: { readonly target: string; readonly branch: string; readonly repository: string },
  options: SetupOptions,
): Promise<void> {
  const root = rootOf(options);
  const format = await suitedIndex(options);
  const target = session.target(place.target);
  const login = await session.logins.find(target.name);
  const gateway = session.gatewayAs(target, login);
  const keys = await keysOf(gateway, place);
  const isPrivate = login !== undefined && (await isRefused(session.gatewayAs(target, undefined), place));
  for (const key of keys) await installKey(session, join(root, 'etc/apk/keys'), key, options.force === true);
  const url = urlOf(target, ...imageSegments(target), place.branch, place.repository);
  await installLine(session, repositoriesFileOf(root), format, url, isPrivate ? login : undefined);
  if (await isEmpty(gateway, place)) {
    sayLine(session.terminal, `${place.branch}/${place.repository} has no package yet: apk warns until its first`);
  } else {
    printLine(session.terminal, 'ready: apk -U add PACKAGE');
  }
}

function rootOf({ root }: SetupOptions): string {
  if (root !== undefined) return root;
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new GatewayError('REQUEST_INVALID', 'setting up this system takes root on Linux; --root DIR sets up another');
  }
  if (!apkPlaces.some((path) => existsSync(path))) {
    throw new GatewayError('REQUEST_INVALID', 'this system has no apk; --root DIR sets up another one');
  }
  return '/';
}

async function keysOf(gateway: GatewayClient, place: { readonly branch: string; readonly repository: string }) {
  const set = await gateway.keySet(place.branch, place.repository);
  const keys = set?.map(keyOf) ?? [await gateway.key(place.branch, place.repository)];
  return keys.map(checkedKey);
}

function keyOf(jwk: PublicJwk): Key {
  const { kid, kty } = jwk;
  // Whatever else it holds: of a key set only public parts are of use.
  const publicParts = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, String(jwk[name])]));
  if (kty === 'EC')
    return { fileName: `${kid}.pem`, pem: pemOf({ key: { kty, ...publicParts(['crv', 'x', 'y']) }, format: 'jwk' }) };
  return { fileName: `${kid}.rsa.pub`, pem: pemOf({ key: { kty, ...publicParts(['n', 'e']) }, format: 'jwk' }) };
}

/** What a gateway says becomes a file of root's: a plain name and nothing but a key. */
function checkedKey({ fileName, pem }: Key): Key {
  if (!/^[A-Za-z0-9][A-Za-z0-9@._+-]{0,200}\.(pub|pem)$/.test(fileName)) {
    throw new GatewayError('STORE_ANSWER_INVALID', `${JSON.stringify(fileName)} can't be a key's file name`);
  }
  return { fileName, pem: pemOf(pem) };
}

function pemOf(key: Parameters<typeof createPublicKey>[0]): string {
  try {
    return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  } catch (cause) {
    throw new GatewayError('STORE_ANSWER_INVALID', "the gateway's answer holds no public key", { cause });
  }
}

/** Whether one who isn't known may not read the index: only then does the password have to stand in a file. */
async function isRefused(
  anonymous: GatewayClient,
  place: { readonly branch: string; readonly repository: string },
): Promise<boolean> {
  try {
    await anonymous.index(place.branch, place.repository, NOARCH);
    return false;
  } catch (error) {
    if (isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) return true;
    throw error;
  }
}

/** Whether nothing was ever pushed there, as far as that can be seen: the system is set up by now, whatever is answered. */
async function isEmpty(
  gateway: GatewayClient,
  { branch, repository }: { readonly branch: string; readonly repository: string },
): Promise<boolean> {
  try {
    return (await gateway.repositories()).every(({ name }) => name !== `${branch}/${repository}`);
  } catch (error) {
    if (isGatewayError(error)) return false;
    throw error;
  }
}

async function installKey({ terminal }: Session, folder: string, key: Key, isForced: boolean): Promise<void> {
  const file = join(folder, key.fileName);
  const before = await ifThere(readTextFile(file));
  if (before?.trim() === key.pem.trim()) return;
  if (before !== undefined && !isForced) {
    throw new GatewayError('PACKAGE_EXISTS', `${file} is another key; --force replaces it`);
  }
  await writeTextFile(file, key.pem, { mode: 0o644 });
  printLine(terminal, `installed key ${file}`);
}

async function installLine(
  { terminal }: Session,
  file: string,
  format: IndexFormat,
  url: URL,
  login: Login | undefined,
): Promise<void> {
  const before = await ifThere(readTextFile(file));
  const after = withRepositoryLine(before ?? '', format, url, login);
  if (after === before) return;
  if (login !== undefined) sayLine(terminal, `${file} holds the password now and only its owner may read it`);
  const mode = login === undefined ? ((await modeOf(file)) ?? 0o644) : 0o600;
  await writeTextFile(file, after, { mode });
  printLine(terminal, `added ${url.href} to ${file}`);
}
