import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../../config/duration.ts';

/** The value of an option that is a duration, in milliseconds. */
export function parseDurationOption(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('a duration such as 500ms, 30s or 10m is wanted');
}
