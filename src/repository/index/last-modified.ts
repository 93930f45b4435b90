import { hexOf, type Digest } from '../../oci/digest.ts';

/** Long enough that two contents of one name practically never share a second, in seconds. */
const spreadSeconds = 365 * 86_400;

/**
 * The Last-Modified of content made at `madeMs`: so many seconds before that, as its own bytes say. No clock is trusted for it:
 * two contents have two dates, however quickly one followed the other and whichever clocks made them, so a date that a client
 * sends back tells the one it has. Undefined where it would lie in the future (RFC 9110 section 8.8.2.1).
 */
export function lastModifiedOf(madeMs: number, digest: Digest, nowMs: number): Date | undefined {
  const before = parseInt(hexOf(digest).slice(0, 8), 16) % spreadSeconds;
  const seconds = Math.floor(madeMs / 1000) - before;
  return seconds * 1000 > nowMs ? undefined : new Date(seconds * 1000);
}
