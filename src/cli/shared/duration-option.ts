import { InvalidArgumentError } from 'commander';
import { parseAge, parseDuration } from '../../config/duration.ts';

/** The value of an option that is a duration, in milliseconds. */
export function parseDurationOption(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('a duration such as 500ms, 30s or 10m is wanted');
}

/** The value of an option that says how old something must be to go, in milliseconds; its unit must be said. */
export function parseAgeOption(text: string): number {
  const ms = parseAge(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('a duration with its unit is wanted, such as 30d or 12h');
}
