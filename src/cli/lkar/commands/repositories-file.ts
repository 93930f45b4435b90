import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '../../../errors.ts';
import { ifThere } from '../../../files/errno.ts';
import type { Login } from '../http/gateway-client.ts';

/** Which index a line makes apk read: that of apk 3 lists the packages of both formats, and apk 2 can't read it. */
export type IndexFormat = 'v2' | 'v3';

const libraryFolders = ['lib', 'usr/lib'];

/** The index that was asked for, else that which suits the apk of the system under `root`, by default the running one. */
export async function suitedIndex(asked: {
  readonly root?: string | undefined;
  readonly index?: string | undefined;
}): Promise<IndexFormat> {
  const { root, index } = asked;
  if (index === 'v2' || index === 'v3') return index;
  if (index !== undefined) throw new GatewayError('REQUEST_INVALID', `--index is ${index}; known are v2 and v3`);
  const isV3 = root === undefined ? await isRunningV3() : await hasV3(root);
  return isV3 ? 'v3' : 'v2';
}

/** Where the system under `root` has repositories of its own: OpenWrt keeps no other list when it is upgraded. */
export function repositoriesFileOf(root: string): string {
  const isOpenWrt = existsSync(join(root, 'etc/openwrt_release'));
  return join(root, isOpenWrt ? 'etc/apk/repositories.d/customfeeds.list' : 'etc/apk/repositories');
}

/**
 * The text of such a file with one line for the repository at `url`, in its old place or at the end. A line with other
 * credentials or of the other index is the same repository's; a tagged one (`@tag URL`) is not. All other lines stay.
 */
export function withRepositoryLine(text: string, format: IndexFormat, url: URL, login: Login | undefined): string {
  const line = `${format === 'v3' ? 'v3 ' : ''}${lineOf(url, login)}`;
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const first = lines.findIndex((old) => isLineOf(old, url));
  const others = lines.filter((old, at) => at === first || !isLineOf(old, url));
  const merged = first === -1 ? [...others, line] : others.map((old) => (isLineOf(old, url) ? line : old));
  return `${merged.join('\n')}\n`;
}

function lineOf(url: URL, login: Login | undefined): string {
  if (login === undefined) return url.href;
  // Everything but letters and digits escaped: apk decodes it, and no character can end the line or the password.
  const user = escapeAll(login.username);
  return `${url.protocol}//${user}:${escapeAll(login.password)}@${url.host}${url.pathname}`;
}

function isLineOf(line: string, url: URL): boolean {
  const text = line.trim().replace(/^v[23] /, '');
  if (!URL.canParse(text)) return false;
  const { protocol, host, pathname } = new URL(text);
  return protocol === url.protocol && host === url.host && pathname.replace(/\/$/, '') === url.pathname;
}

function escapeAll(text: string): string {
  const bytes = [...Buffer.from(text, 'utf8')].map((byte) => String.fromCharCode(byte));
  return bytes
    .map((byte) => (/[A-Za-z0-9]/.test(byte) ? byte : `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`))
    .join('');
}

function isRunningV3(): Promise<boolean> {
  return new Promise((resolve) => {
    execFile('apk', ['--version'], { timeout: 5000 }, (error, stdout) => {
      resolve(error === null && stdout.startsWith('apk-tools 3.'));
    });
  });
}

async function hasV3(root: string): Promise<boolean> {
  if (existsSync(join(root, 'etc/openwrt_release'))) return true;
  const names = await Promise.all(libraryFolders.map((folder) => ifThere(readdir(join(root, folder)))));
  return names.some((found) => found?.some((name) => name.startsWith('libapk.so.3')) === true);
}
