import { randomUUID } from 'node:crypto';
import { link, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { isErrno } from './errno.ts';

/** Writes a file's content. */
export type Fill = (file: FileHandle) => Promise<void>;

export interface WholeFileOptions {
  /** Where it is written until it is whole; on the file system of its target. Default: beside it. */
  readonly aside?: string;
  /** Its permission bits, whatever the umask; or what the umask leaves of 0666. Default: 0600. */
  readonly mode?: number | 'umask';
  /** Whether its content is on the disk before it appears. Default: yes. */
  readonly isFlushed?: boolean;
}

/** Puts a file at `target` whole or not at all, whenever a process or the machine dies: readers see the old one or the new one. */
export async function replaceFile(target: string, fill: Fill, options: WholeFileOptions = {}): Promise<void> {
  await writeAside(target, fill, options, (aside) => rename(aside, target));
}

/** The same unless there is a file at `target`: false then. Of processes that make it at once, one succeeds. */
export async function createFile(target: string, fill: Fill, options: WholeFileOptions = {}): Promise<boolean> {
  return writeAside(target, fill, options, async (aside) => {
    const isFirst = await link(aside, target).then(() => true, unlessExists);
    await rm(aside, { force: true });
    return isFirst;
  });
}

function unlessExists(error: unknown): false {
  if (isErrno(error, 'EEXIST')) return false;
  throw error;
}

async function writeAside<T>(
  target: string,
  fill: Fill,
  { aside = `${target}.${randomUUID()}`, mode = 0o600, isFlushed = true }: WholeFileOptions,
  put: (aside: string) => Promise<T>,
): Promise<T> {
  try {
    const file = await open(aside, 'wx', mode === 'umask' ? 0o666 : mode & 0o600);
    try {
      if (mode !== 'umask') await file.chmod(mode);
      await fill(file);
      if (isFlushed) await file.sync();
    } finally {
      await file.close();
    }
    return await put(aside);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}
