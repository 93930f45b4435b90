import { GatewayError } from '../../errors.ts';

// Separators smuggled in as %2f or %5c, NUL, and whatever would break a log line or a header.
const forbiddenCharacter = /[/\\\0-\x1f\x7f]/;

/**
 * The segments of a request target's path (RFC 3986 section 3.3), each percent-decoded exactly once; `+` stays `+`. Empty
 * ones are left out, since clients and proxies write `//`. Throws REQUEST_INVALID for dot segments, for escapes that
 * aren't UTF-8, and for characters that no name may hold.
 */
export function splitPath(path: string): readonly string[] {
  return path
    .split('/')
    .filter((segment) => segment !== '')
    .map(decodeSegment);
}

function decodeSegment(segment: string): string {
  const text = segment.includes('%') ? percentDecode(segment) : segment;
  if (text === '.' || text === '..') throw invalid(segment, 'is a dot segment');
  if (forbiddenCharacter.test(text)) throw invalid(segment, 'has a character that no name may hold');
  return text;
}

function percentDecode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw invalid(segment, 'has an escape that is not UTF-8', cause);
  }
}

function invalid(segment: string, reason: string, cause?: unknown): GatewayError {
  return new GatewayError('REQUEST_INVALID', `path segment ${JSON.stringify(segment.slice(0, 100))} ${reason}`, {
    cause,
  });
}
