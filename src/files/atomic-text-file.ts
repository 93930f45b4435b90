import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The text of a file, or undefined where there is none. */
export async function readTextFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** The permission bits of a file, or undefined where there is none. */
export async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode & 0o777;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/**
 * Replaces a file whole or not at all: readers see the old text or the new one. A link stays, the file it leads to is
 * replaced. Folders that are missing are made with `folderMode` (default 0755).
 */
export async function writeTextFile(
  path: string,
  text: string,
  options: { readonly mode: number; readonly folderMode?: number },
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: options.folderMode ?? 0o755 });
  const target = await realpath(path).catch(() => path);
  const temporary = `${target}.${randomUUID()}`;
  try {
    // Not through the umask: a key that not everybody can read would break apk for other users.
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.chmod(options.mode);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } finally {
    await rm(temporary, { force: true });
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
