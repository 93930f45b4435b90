import { access, constants, statfs } from 'node:fs/promises';
import { GatewayError } from '../errors.ts';
import type { Log } from '../ports.ts';

// statfs(2): f_type of tmpfs.
const tmpfsType = 0x01021994;

/**
 * Looks whether uploads can be kept in a folder: warns where it is memory after all, or hasn't room for one package of the
 * largest size. Throws CONFIG_INVALID where nothing can be written there.
 */
export async function checkTempFolder(folder: string, maxPackageBytes: number, log: Log): Promise<void> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    const { type, bavail, bsize } = await statfs(folder);
    const freeBytes = bavail * bsize;
    if (type === tmpfsType)
      log.warn({ folder }, 'temporary files are kept in memory (tmpfs); --temp-dir chooses a disk');
    if (freeBytes < maxPackageBytes) {
      log.warn(
        { folder, freeBytes, maxPackageBytes },
        'the folder for temporary files has no room for the largest package',
      );
    }
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `uploads can't be kept in ${folder} (--temp-dir)`, { cause });
  }
}
