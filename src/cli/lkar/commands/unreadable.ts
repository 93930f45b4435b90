import { GatewayError } from '../../../errors.ts';
import { errnoOf } from '../../../files/errno.ts';

/** FILE_INVALID, with what the system said of a file that a command names. */
export function unreadable(file: string, cause: unknown): GatewayError {
  return new GatewayError('FILE_INVALID', `${file}: ${whyUnreadable(cause)}`, { cause });
}

/** What the system said of a file. */
export function whyUnreadable(cause: unknown): string {
  return reasons[errnoOf(cause) ?? ''] ?? "it can't be read";
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be read',
  EPERM: 'it may not be read',
};
