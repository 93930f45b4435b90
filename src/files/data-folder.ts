import { randomUUID } from 'node:crypto';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { GatewayError } from '../errors.ts';
import { ifThere, isErrno } from './errno.ts';

/**
 * Makes a folder (mode 0700) unless it is there, and looks whether files can be made in it. Throws CONFIG_INVALID, naming the
 * flag and the system's reason, where they can't.
 */
export async function openDataFolder(folder: string, flag: string): Promise<void> {
  try {
    await makeFolder(path.resolve(folder));
    const probe = path.join(folder, `.lkard-${randomUUID()}`);
    await (await open(probe, 'wx', 0o600)).close();
    await rm(probe);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError('CONFIG_INVALID', `${flag} ${folder} can't be written: ${reason}`, { cause });
  }
}

/** Level by level: Node's own recursive mkdir never ends where a file system has no room for new folders, such as /proc. */
async function makeFolder(folder: string): Promise<void> {
  if ((await ifThere(stat(folder))) !== undefined) return;
  await makeFolder(path.dirname(folder));
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    // Another process was first.
    if (!isErrno(error, 'EEXIST')) throw error;
  });
}
