import { isGatewayError } from '../../errors.ts';

/** A right that somebody lacks is seldom given within minutes, and each try is a refusal in the registry's own log. */
const refusedMs = 3_600_000;
const failedMs = 600_000;

/** How long an image is not tidied after that failed, in milliseconds: an hour for want of a right, else ten minutes. */
export function upkeepPauseMs(error: unknown): number {
  return isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN') ? refusedMs : failedMs;
}
