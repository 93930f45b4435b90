import { countOf } from '../frame/page-text.tsx';

const months = 24;
const barWidth = 10;
const barGap = 2;
const height = 56;

/** How many packages came in each of the last 24 months; nothing where all came in one. */
export function PushChart({ dates, now }: { readonly dates: readonly Date[]; readonly now: Date }) {
  const counts = countByMonth(dates, now);
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

/** The last 24 months, oldest first, with how many of the dates fall in each. */
export function countByMonth(dates: readonly Date[], now: Date): readonly { month: string; count: number }[] {
  const counts = new Map<string, number>();
  for (let i = months - 1; i >= 0; i -= 1) {
    counts.set(monthOf(new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - i, 1))), 0);
  }
  for (const date of dates) {
    const count = counts.get(monthOf(date));
    if (count !== undefined) counts.set(monthOf(date), count + 1);
  }
  return [...counts].map(([month, count]) => ({ month, count }));
}

function monthOf(date: Date): string {
  return date.toISOString().slice(0, 7);
}

/** A month with anything in it has a bar to be seen; one with nothing has a line. */
function barOf(count: number, largest: number): { y: number; height: number; class: string } {
  const bar = count === 0 ? 1 : Math.max(3, Math.round((count / largest) * height));
  return { y: height - bar, height: bar, class: count === 0 ? 'bar none' : 'bar' };
}
