import { createReadStream, closeSync, openSync, readSync } from 'node:fs';
import { mkdir, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GatewayError } from '../errors.ts';
import { ifThere } from './errno.ts';
import { readBounded } from './read-bounded.ts';
import { createFile, replaceFile } from './whole-file.ts';

/** What people write by hand, and keys, are smaller by far; a device has no end. */
const maxTextBytes = 4 * 2 ** 20;

/** The text of a small file. Throws the system's errors, and SIZE_EXCEEDED past 4 MiB. */
export async function readTextFile(path: string): Promise<string> {
  return Buffer.from(await readBounded(createReadStream(path), maxTextBytes, path)).toString();
}

/** The text of a small file that a flag names. Throws CONFIG_INVALID, naming the flag, where it can't be read. */
export async function readNamedFile(path: string, flag: string): Promise<string> {
  return readTextFile(path).catch((cause: unknown) => {
    throw new GatewayError('CONFIG_INVALID', `${flag} ${path} can't be read`, { cause });
  });
}

/** The text of a file of at most so many bytes; undefined where there is none, it can't be read or is larger. */
export function readTinyFile(path: string, maxBytes: number): string | undefined {
  const bytes = Buffer.alloc(maxBytes + 1);
  try {
    const file = openSync(path, 'r');
    let size = 0;
    try {
      for (let read = 1; read > 0 && size <= maxBytes; size += read) read = readSync(file, bytes, { offset: size });
    } finally {
      closeSync(file);
    }
    return size > maxBytes ? undefined : bytes.subarray(0, size).toString();
  } catch {
    return undefined;
  }
}

/** The permission bits of a file, or undefined where there is none. */
export async function modeOf(path: string): Promise<number | undefined> {
  const found = await ifThere(stat(path));
  return found && found.mode & 0o777;
}

/**
 * Replaces a file whole or not at all. A link stays, the file it leads to is replaced. Folders that are missing are made with
 * `folderMode` (default 0755).
 */
export async function writeTextFile(
  path: string,
  text: string,
  { mode, folderMode = 0o755 }: { readonly mode: number; readonly folderMode?: number },
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: folderMode });
  const target = await realpath(path).catch(() => path);
  await replaceFile(target, (file) => file.writeFile(text), { mode });
}

/** Makes a file (mode 0600) with this text, its folders too, unless one is there: false then. */
export async function createTextFile(path: string, text: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return createFile(path, (file) => file.writeFile(text));
}
