import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile, type Fill } from './whole-file.ts';

export interface AtomicFilesOptions {
  /** Where files are written until they are whole; on the file system of their targets. */
  readonly tempFolder: string;
  /** Whether files and folders are flushed to the disk before a write counts as done. */
  readonly fsync: boolean;
}

/** Files that are there as a whole or not at all, whenever a process or the machine dies. Modes are 0600 and 0700. */
export interface AtomicFiles {
  /** Puts a file at `target`, replacing what is there; `fill` writes its content. Where it throws, nothing changed. */
  write(target: string, fill: Fill): Promise<void>;
  /** Removes a file; also done where there is none. */
  remove(target: string): Promise<void>;
  /** Removes what processes that died left of files, when it is older than `maxAgeMs`. */
  removeLeftovers(nowMs: number, maxAgeMs: number): Promise<void>;
}

/** Creates the writer; touches nothing yet. */
export function createAtomicFiles({ tempFolder, fsync }: AtomicFilesOptions): AtomicFiles {
  const flushFolder = async (folder: string): Promise<void> => {
    if (!fsync) return;
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  };

  // A new folder is an entry of its parent, and lost with it.
  const makeFolder = async (folder: string): Promise<void> => {
    const first = await mkdir(folder, { recursive: true, mode: 0o700 });
    if (first === undefined) return;
    for (let made = folder; made.length >= first.length; made = path.dirname(made))
      await flushFolder(path.dirname(made));
  };

  return {
    write: async (target, fill) => {
      await Promise.all([makeFolder(tempFolder), makeFolder(path.dirname(target))]);
      await replaceFile(target, fill, { aside: path.join(tempFolder, randomUUID()), isFlushed: fsync });
      await flushFolder(path.dirname(target));
    },
    remove: async (target) => {
      await rm(target);
      await flushFolder(path.dirname(target));
    },
    removeLeftovers: async (nowMs, maxAgeMs) => {
      for (const name of await readdir(tempFolder)) {
        const temp = path.join(tempFolder, name);
        if (nowMs - (await stat(temp)).mtimeMs > maxAgeMs) await rm(temp, { force: true });
      }
    },
  };
}
