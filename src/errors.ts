/**
 * Every fault this program tells its callers about. The HTTP status and the exit code of each come from two exhaustive
 * tables (http/answer/error-response.ts, cli/shared/exit-code.ts), so adding a code here makes both fail to compile until it has one.
 */
export const errorCodes = [
  // what the caller sent
  'PACKAGE_MALFORMED',
  'PACKAGE_UNSUPPORTED',
  'PACKAGE_UNTRUSTED',
  'INDEX_MALFORMED',
  'IMAGE_INVALID',
  'BRANCH_INVALID',
  'REPOSITORY_INVALID',
  'ARCHITECTURE_INVALID',
  'FILE_INVALID',
  'REQUEST_INVALID',
  'RANGE_UNSATISFIABLE',
  'SIZE_EXCEEDED',
  // what is there, or isn't
  'PACKAGE_EXISTS',
  'PACKAGE_WITHDRAWN',
  'PACKAGE_UNKNOWN',
  'REPOSITORY_UNKNOWN',
  'KEY_UNKNOWN',
  'SNAPSHOT_EXISTS',
  'SNAPSHOT_UNKNOWN',
  'SNAPSHOT_IMMUTABLE',
  // who may
  'UNAUTHORIZED',
  'FORBIDDEN',
  'TAG_IMMUTABLE',
  'RATE_LIMITED',
  // the store behind us
  'DIGEST_MISMATCH',
  'BLOB_UNKNOWN',
  'DELETE_UNSUPPORTED',
  'MOUNT_UNSUPPORTED',
  'STORE_UNAVAILABLE',
  'STORE_ANSWER_INVALID',
  'STORE_READ_ONLY',
  'PUBLISH_TIMEOUT',
  'OVERLOADED',
  // this program itself
  'CONFIG_INVALID',
  'SIGNING_KEY_INVALID',
  'SIGNING_KEY_LOCKED',
  'ABORTED',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** Facts about a fault that a program may read: names, sizes, offsets. Never a credential. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * The one error class. `message` is one line for a person: it names the subject, what was expected and what came.
 * Callers look at `code` and `details` only.
 */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  /** What refused callers are told in place of the message and the details, where those name what is behind the gateway. */
  readonly told: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: ErrorDetails; cause?: unknown; told?: string } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details ?? {};
    this.told = options.told;
  }
}

/** True where `error` is a GatewayError, of one of `codes` if any are given. */
export function isGatewayError(error: unknown, ...codes: readonly ErrorCode[]): error is GatewayError {
  return error instanceof GatewayError && (codes.length === 0 || codes.includes(error.code));
}
