import { countOf } from '../frame/page-text.tsx';
import { monthOf } from './overview.ts';

const months = 24;
const barWidth = 10;
const barGap = 2;
const height = 56;

interface PushChartProps {
  readonly pushedIn: ReadonlyMap<string, number>;
  readonly now: Date;
}

/** How many packages came in each of the last 24 months; nothing where all came in one. */
export function PushChart({ pushedIn, now }: PushChartProps) {
  const counts = lastMonths(now).map((month) => ({ month, count: pushedIn.get(month) ?? 0 }));
  const largest = Math.max(...counts.map(({ count }) => count));
  if (counts.filter(({ count }) => count > 0).length < 2) return <></>;
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  const summary = `${countOf(total, 'package')} pushed in the last ${months} months, at most ${largest} in one`;
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${months * (barWidth + barGap)} ${height}`} role="img" aria-label={summary}>
        {counts.map(({ month, count }, i) => (
          <rect x={i * (barWidth + barGap)} width={barWidth} rx="1" {...barOf(count, largest)}>
            <title>{`${month}: ${countOf(count, 'package')}`}</title>
          </rect>
        ))}
      </svg>
      <figcaption>
        <span>{counts[0]?.month}</span>
        <span>pushed per month</span>
        <span>{counts.at(-1)?.month}</span>
      </figcaption>
    </figure>
  );
}

/** Oldest first. */
function lastMonths(now: Date): readonly string[] {
  return Array.from({ length: months }, (_, i) =>
    monthOf(new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - (months - 1 - i), 1))),
  );
}

/** A month with anything in it has a bar to be seen; one with nothing has a line. */
function barOf(count: number, largest: number): { y: number; height: number; class: string } {
  const bar = count === 0 ? 1 : Math.max(3, Math.round((count / largest) * height));
  return { y: height - bar, height: bar, class: count === 0 ? 'bar none' : 'bar' };
}
