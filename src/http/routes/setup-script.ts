import type { PublicKey } from '../../repository/service/reading.ts';
import type { Credentials } from '../../store/store.ts';
import { readProgramFile } from '../../files/program-file.ts';

/** What the caller of the script may see in the repository; `hidden` where the store refuses that caller. */
export type SetupContent = 'packages' | 'none' | 'hidden';

/** What a machine needs to use a repository. */
export interface SetupTarget {
  /** The repository's URL without credentials, as apk is to have it. */
  readonly url: string;
  readonly keys: readonly Pick<PublicKey, 'fileName' | 'pem'>[];
  /** The caller's, where the repository may need them. */
  readonly credentials: Credentials;
  /** Default: packages. */
  readonly content?: SetupContent | undefined;
}

// apk refuses a whole URL whose parts are longer than its buffers.
const maxUserBytes = 256;
const maxPasswordBytes = 1024;

const readyText = 'ready: apk -U add PACKAGE';
const privateText = "This repository takes a password: HTTP_AUTH='basic:*:USER:PASSWORD' apk -U add PACKAGE";
const emptyText = 'set up, but nothing was pushed to this repository yet: until then apk warns that it has no index';

/**
 * Makes a POSIX sh script that installs the keys and adds the repository, to be piped into `sh`: `--force` replaces a key
 * that differs, `--root DIR` prepares an image. All that came from outside is in single quotes, where sh reads nothing but
 * the end quote. Basic credentials go percent-encoded into the repository's line, the one form that apk and `apk --root`
 * both take, in a file of mode 0600; they never stand on a command line and are never printed.
 */
export function createSetupScript(): (target: SetupTarget) => string {
  const body = readProgramFile('#assets/setup.sh').toString();
  return (target) => `#!/bin/sh\n${formatSettings(target)}\n${body}`;
}

function formatSettings(target: SetupTarget): string {
  const line = withCredentials(target.url, target.credentials);
  const note = noteFor(target, line !== target.url);
  const settings = [
    `url=${quote(target.url)}`,
    `line=${quote(line)}`,
    `has_secret=${line === target.url ? 'false' : 'true'}`,
    `note=${quote(note)}`,
    `ready=${quote(target.content === 'none' ? emptyText : readyText)}`,
  ];
  const keys = target.keys.map((key) => `  install_key ${quote(key.fileName)} ${quote(key.pem.trimEnd())}`);
  return `${settings.join('\n')}\n\ninstall_keys() {\n${keys.join('\n')}\n}\n`;
}

/** The text as one word of POSIX sh that expands to exactly it (POSIX.1-2017, Shell Command Language, section 2.2.2). */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function withCredentials(url: string, credentials: Credentials): string {
  if (credentials.kind !== 'basic') return url;
  const user = percentEncode(credentials.username);
  const password = percentEncode(credentials.password);
  if (isTooLong(credentials)) return url;
  return url.replace('://', () => `://${user}:${password}@`);
}

function isTooLong(credentials: { readonly username: string; readonly password: string }): boolean {
  const { username, password } = credentials;
  return Buffer.byteLength(username) > maxUserBytes || Buffer.byteLength(password) > maxPasswordBytes;
}

/** All but RFC 3986's unreserved characters, for the userinfo of a URL (section 3.2.1). */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function noteFor({ credentials, content }: SetupTarget, areCredentialsPlaced: boolean): string {
  if (areCredentialsPlaced) return 'The credentials stand in that file, readable by its owner only.';
  if (credentials.kind === 'basic') return 'The password is too long for a URL; give it to apk with HTTP_AUTH.';
  if (credentials.kind === 'bearer') return 'apk knows no tokens; give it a user and password with HTTP_AUTH.';
  return content === 'hidden' ? privateText : '';
}
