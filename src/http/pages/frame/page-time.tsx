const lastTimeMs = Date.UTC(9999, 11, 31, 23, 59, 59);
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** From how long ago on a unit is used, longest first. */
const units: readonly (readonly [fromMs: number, unitMs: number, name: string])[] = [
  [2 * 365 * dayMs, 365 * dayMs, 'year'],
  [60 * dayMs, 30.44 * dayMs, 'month'],
  [14 * dayMs, 7 * dayMs, 'week'],
  [dayMs, dayMs, 'day'],
  [hourMs, hourMs, 'hour'],
  [minuteMs, minuteMs, 'minute'],
];

/** How long ago that was, in words: `just now`, `3 hours ago`; a time to come is its day. */
export function agoOf(date: Date, now: Date): string {
  const ms = now.getTime() - date.getTime();
  // Clocks differ a little.
  if (ms < -minuteMs) return date.toISOString().slice(0, 10);
  const [, unitMs = 0, name = ''] = units.find(([fromMs]) => ms >= fromMs) ?? [];
  if (unitMs === 0) return 'just now';
  const count = Math.floor(ms / unitMs);
  return `${count} ${name}${count === 1 ? '' : 's'} ago`;
}

/** How long that is, in words, in the largest unit of which it is a whole number: `4 hours`, `90 minutes`. */
export function lastingOf(ms: number): string {
  const [unitMs, name] = lasting.find(([one]) => ms % one === 0) ?? [1000, 'second'];
  const count = Math.round(ms / unitMs);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

const lasting = [
  [dayMs, 'day'],
  [hourMs, 'hour'],
  [minuteMs, 'minute'],
] as const;

interface TimeProps {
  readonly date: Date;
}

/** How long ago, with the exact time on hover and for programs; packages may say any number, which is none past year 9999. */
export function Ago({ date, now }: TimeProps & { readonly now: Date }) {
  if (!isTime(date)) return <span>unknown</span>;
  return (
    <time datetime={date.toISOString()} title={exactly(date)}>
      {agoOf(date, now)}
    </time>
  );
}

/** A day in UTC, with the whole time for programs and on hover; `unknown` as above. */
export function Day({ date }: TimeProps) {
  if (!isTime(date)) return <span>unknown</span>;
  return (
    <time datetime={date.toISOString()} title={exactly(date)}>
      {date.toISOString().slice(0, 10)}
    </time>
  );
}

function isTime(date: Date): boolean {
  return Math.abs(date.getTime()) <= lastTimeMs;
}

function exactly(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
