import type { Login } from '../http/gateway-client.ts';

/**
 * The text of an etc/apk/repositories file with one line for the repository at `url`, in its old place or at the end. A
 * line with other credentials is the same repository's; a tagged one (`@tag URL`) is not. All other lines stay.
 */
export function withRepositoryLine(text: string, url: URL, login: Login | undefined): string {
  const line = lineOf(url, login);
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
  const text = line.trim();
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
