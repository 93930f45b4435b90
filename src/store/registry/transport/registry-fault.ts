import { GatewayError, type ErrorDetails } from '../../../errors.ts';
import type { Stamp } from '../../../time/stamps.ts';
import { abortedFault } from '../../../concurrency/aborted.ts';
import { headerOf, type RegistryAnswer, type RegistryRequest } from './registry-request.ts';
import { isRateLimitText, isTransientStatus, parseRetryAfter } from '../../../concurrency/retry.ts';

/** What a refused request was about, for the message: `what` is a noun, `right` what the registry wants the caller to have. */
export interface RequestSubject {
  readonly what: string;
  readonly right: 'pull' | 'push' | 'delete';
  /** Another image, which the caller must be allowed to read for it. */
  readonly reads?: string | undefined;
}

const networkCodes: ReadonlySet<string> = new Set([
  ...['ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH'],
  ...['ENETDOWN', 'EADDRNOTAVAIL', 'EAI_AGAIN', 'ENOTFOUND', 'EPROTO'],
]);
/** What a server that speaks plain HTTP looks like to who speaks TLS. */
const noTlsCodes: ReadonlySet<string> = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);
/** A collection or an upkeep takes minutes. */
const readOnlySeconds = 30;
const certificateCode = /^(?:CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/;

/**
 * What a failed request means: ABORTED, STORE_UNAVAILABLE for what the network did, DIGEST_MISMATCH for a body of another
 * length than promised; undefined for any other error, which is that of the body's own source.
 */
export function networkFault(
  error: unknown,
  { url, patience }: Pick<RegistryRequest, 'url' | 'patience'>,
): GatewayError | undefined {
  const signal = patience?.signal;
  if (error instanceof GatewayError) return error;
  if (signal?.aborted === true) return abortedFault(signal);
  const code = codeOf(error);
  if (code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH') {
    return new GatewayError('DIGEST_MISMATCH', 'the content to upload is not as long as it should be', {
      cause: error,
    });
  }
  const isFinal = certificateCode.test(code);
  if (!isFinal && !networkCodes.has(code) && !/^(?:UND_ERR|HPE)_/.test(code)) return undefined;
  const hint = noTlsCodes.has(code) ? `; it doesn't speak TLS, and plain HTTP needs --no-https` : '';
  return new GatewayError('STORE_UNAVAILABLE', `${url.host} can't be reached: ${code}${hint}`, {
    details: { host: url.host, reason: code, isFinal: isFinal || undefined },
    cause: error,
  });
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  // undici 7 leaves the parser's own code out.
  return error.name === 'HTTPParserError' ? 'HPE_INVALID' : '';
}

/** What it means that an answer's body ended too early: ABORTED, or STORE_UNAVAILABLE with `details.isCutOff`. */
export function cutOffFault(error: unknown, request: Pick<RegistryRequest, 'url' | 'patience'>): GatewayError {
  const { host } = request.url;
  const fault = networkFault(error, request);
  if (fault !== undefined && fault.code !== 'STORE_UNAVAILABLE') return fault;
  const details = { ...fault?.details, host, isCutOff: true };
  return new GatewayError('STORE_UNAVAILABLE', `${host} cut its answer off`, { details, cause: error });
}

/** STORE_UNAVAILABLE for an answer that may be another one the next time; undefined for any other answer. */
export function transientFault(answer: RegistryAnswer, now: Stamp): GatewayError | undefined {
  const isLimited = answer.status === 403 && answer.faults.some(({ code, message }) => isRateLimitText(code + message));
  if (!isLimited && !isTransientStatus(answer.status)) return undefined;
  const retryAfterSeconds = parseRetryAfter(headerOf(answer, 'retry-after'), now);
  return new GatewayError('STORE_UNAVAILABLE', `${answer.url.host} answers ${answer.status}${reasonOf(answer)}`, {
    details: { host: answer.url.host, status: isLimited ? 429 : answer.status, retryAfterSeconds },
  });
}

/** Whether trying again may help: a fault of the moment, not a certificate or an answer that breaks the spec. */
export function isTransientFault(fault: GatewayError): boolean {
  return fault.code === 'STORE_UNAVAILABLE' && fault.details['isFinal'] !== true;
}

/** What an unexpected answer means: STORE_READ_ONLY, UNAUTHORIZED, FORBIDDEN, STORE_UNAVAILABLE for a bare 404, else STORE_ANSWER_INVALID. */
export function refusalFault(answer: RegistryAnswer, subject: RequestSubject): GatewayError {
  if (subject.right !== 'pull' && saysReadOnly(answer)) return readOnlyFault(answer, subject);
  const details = { status: answer.status, reason: answer.faults[0]?.code };
  const text = `${answer.url.host} answers ${answer.status} for ${subject.what}${reasonOf(answer)}`;
  if (saysExpired(answer)) {
    const told = 'the credentials have expired: log in again';
    return new GatewayError('UNAUTHORIZED', `${text}; ${told}`, { details: { ...details, isExpired: true }, told });
  }
  if (answer.hasWorked === true && isRefused(answer)) return lapsedFault(answer, subject, { text, details });
  if (answer.status === 401) {
    const told = 'the registry wants a user and a password or token, and takes none that were sent';
    return new GatewayError('UNAUTHORIZED', text, { details, told });
  }
  if (answer.status === 403) {
    return new GatewayError('FORBIDDEN', `${text}; this takes the right to ${subject.right}`, {
      details: { ...details, right: subject.right },
      told: `this takes the right to ${subject.right}, which the registry doesn't give to this user`,
    });
  }
  // Without a word of the registry it came from a front end that has nowhere to go for now.
  const isBare = answer.status === 404 && answer.faults.every(({ code }) => code === '');
  if (isBare) return new GatewayError('STORE_UNAVAILABLE', text, { details: { ...details, bare404: true } });
  return new GatewayError('STORE_ANSWER_INVALID', text, { details });
}

// Amazon's passwords are good for 12 hours, Google's tokens for one; then it is 401 or 403, often without a reason. A right that
// was withdrawn looks the same.
function lapsedFault(
  { status }: RegistryAnswer,
  { right }: RequestSubject,
  { text, details }: { readonly text: string; readonly details: ErrorDetails },
): GatewayError {
  const told =
    'these credentials were good for this before: ' +
    `log in again in case they have expired, else the right to ${right} was withdrawn`;
  return new GatewayError(status === 401 ? 'UNAUTHORIZED' : 'FORBIDDEN', `${text}; ${told}`, {
    details: { ...details, right, hasWorked: true },
    told,
  });
}

/** STORE_READ_ONLY for a write that the registry takes again later; `details.retryAfterSeconds` says when to ask. */
export function readOnlyFault(answer: RegistryAnswer, subject: RequestSubject): GatewayError {
  const { host } = answer.url;
  const asked = Number(headerOf(answer, 'retry-after') ?? NaN);
  const retryAfterSeconds = asked > 0 ? asked : readOnlySeconds;
  const text = `${host} is read-only for now: it answers ${answer.status} for ${subject.what}${reasonOf(answer)}`;
  return new GatewayError('STORE_READ_ONLY', text, { details: { status: answer.status, retryAfterSeconds } });
}

function isRefused({ status }: Pick<RegistryAnswer, 'status'>): boolean {
  return status === 401 || status === 403;
}

function saysExpired({ status, faults }: RegistryAnswer): boolean {
  return isRefused({ status }) && faults.some(({ message }) => /\bexpired\b|re-?authenticate/i.test(message));
}

// Harbor answers 403 "The system is in read only mode", others 405 or 503 with such a text.
function saysReadOnly({ status, faults }: RegistryAnswer): boolean {
  return status >= 400 && faults.some(({ code, message }) => /read[ _-]?only/i.test(`${code} ${message}`));
}

/** Whether one of the answer's faults has one of these codes. */
export function hasFault(answer: RegistryAnswer, ...codes: readonly string[]): boolean {
  return answer.faults.some(({ code }) => codes.includes(code));
}

function reasonOf(answer: RegistryAnswer): string {
  const [fault] = answer.faults;
  return fault === undefined ? '' : `: ${[fault.code, fault.message].filter(Boolean).join(' ')}`;
}
