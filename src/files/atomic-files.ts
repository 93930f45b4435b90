import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isErrno } from './errno.ts';
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
  /** Puts the content of the file at `source` at `target` too, as a second name of it where the disk allows that. */
  share(source: string, target: string): Promise<void>;
  /** Removes a file; also done where there is none. */
  remove(target: string): Promise<void>;
  /** Removes what processes that died left of files, when it is older than `maxAgeMs`. */
  removeLeftovers(nowMs: number, maxAgeMs: number): Promise<void>;
}

/** What is said where there is a file, by disks without second names, or where one file has no more of them. */
const unlinkable = ['EEXIST', 'EXDEV', 'EPERM', 'EMLINK', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'] as const;

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

  const copyAside = async (source: string, target: string): Promise<void> => {
    await makeFolder(tempFolder);
    const aside = path.join(tempFolder, randomUUID());
    const fill = (file: FileHandle) => pipeline(createReadStream(source), file.createWriteStream({ autoClose: false }));
    await replaceFile(target, fill, { aside, isFlushed: fsync });
  };

  return {
    write: async (target, fill) => {
      await Promise.all([makeFolder(tempFolder), makeFolder(path.dirname(target))]);
      await replaceFile(target, fill, { aside: path.join(tempFolder, randomUUID()), isFlushed: fsync });
      await flushFolder(path.dirname(target));
    },
    share: async (source, target) => {
      await makeFolder(path.dirname(target));
      await link(source, target).catch(async (error: unknown) => {
        if (!isErrno(error, ...unlinkable)) throw error;
        await copyAside(source, target);
      });
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
