import { constants, open, type FileHandle } from 'node:fs/promises';
import { GatewayError } from '../errors.ts';

// A named pipe is waited for as long as nobody writes into it, and nothing can end that.
const withoutWaiting = constants.O_RDONLY | constants.O_NONBLOCK;

/** Opens a file to be read. Throws STORE_ANSWER_INVALID for a pipe, a device or a folder in its place, and the system's errors. */
export async function openPlainFile(path: string): Promise<FileHandle> {
  const file = await open(path, withoutWaiting);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new GatewayError('STORE_ANSWER_INVALID', `${path} is no plain file`);
}
