import { isGatewayError, type ErrorCode } from '../../errors.ts';

/** What a script can tell from how a command ended; docs and `--help` list the same. */
export const exitCodes = Object.freeze({
  success: 0,
  failure: 1,
  badUsage: 2,
  refused: 3,
  notFound: 4,
  conflict: 5,
  unreachable: 6,
});

type Outcome = keyof typeof exitCodes;

/** A line for each exit code. */
export const exitCodeHelp = `
Exit codes:
  0  done (also a push of bytes that were there already)
  1  failure: a bad package, a fault of the gateway or of this machine
  2  bad usage: arguments, names, configuration
  3  refused: no, wrong or insufficient credentials
  4  not found
  5  conflict: other bytes are there under this name
  6  unreachable or overloaded: trying again may help`;

const outcomes: Readonly<Record<ErrorCode, Outcome>> = {
  PACKAGE_MALFORMED: 'failure',
  PACKAGE_UNSUPPORTED: 'failure',
  PACKAGE_UNTRUSTED: 'refused',
  INDEX_MALFORMED: 'failure',
  IMAGE_INVALID: 'badUsage',
  BRANCH_INVALID: 'badUsage',
  REPOSITORY_INVALID: 'badUsage',
  ARCHITECTURE_INVALID: 'badUsage',
  FILE_INVALID: 'badUsage',
  REQUEST_INVALID: 'badUsage',
  RANGE_UNSATISFIABLE: 'failure',
  SIZE_EXCEEDED: 'failure',
  PACKAGE_EXISTS: 'conflict',
  PACKAGE_WITHDRAWN: 'conflict',
  PACKAGE_UNKNOWN: 'notFound',
  REPOSITORY_UNKNOWN: 'notFound',
  KEY_UNKNOWN: 'notFound',
  SNAPSHOT_EXISTS: 'conflict',
  SNAPSHOT_UNKNOWN: 'notFound',
  SNAPSHOT_IMMUTABLE: 'conflict',
  UNAUTHORIZED: 'refused',
  FORBIDDEN: 'refused',
  TAG_IMMUTABLE: 'refused',
  RATE_LIMITED: 'unreachable',
  DIGEST_MISMATCH: 'failure',
  BLOB_UNKNOWN: 'failure',
  DELETE_UNSUPPORTED: 'failure',
  MOUNT_UNSUPPORTED: 'failure',
  STORE_UNAVAILABLE: 'unreachable',
  STORE_READ_ONLY: 'unreachable',
  STORE_ANSWER_INVALID: 'failure',
  PUBLISH_TIMEOUT: 'unreachable',
  OVERLOADED: 'unreachable',
  CONFIG_INVALID: 'badUsage',
  SIGNING_KEY_INVALID: 'badUsage',
  SIGNING_KEY_LOCKED: 'failure',
  ABORTED: 'failure',
};

/** The exit code of a command that ended with `error`. */
export function exitCodeOf(error: unknown): number {
  return isGatewayError(error) ? exitCodes[outcomes[error.code]] : exitCodes.failure;
}
