import type { Metric, Registry } from 'prom-client';

// What happens with every request is added up in plain numbers: finding a series by its labels takes longer than an answer
// from memory may. The sums become series when somebody reads the metrics.

/** Labels and their values. */
type Labels = Readonly<Record<string, string>>;

/** Adds one to the series of these values, given in the order of the label names. */
export type Count = (...values: readonly [string, string, string]) => void;

/** Adds one duration, in milliseconds, to the series of that value. */
export type Time = (value: string, durationMs: number) => void;

/** Registers a counter with three labels. What may be a value must be few: each combination is kept. */
export function registerCounter(
  registry: Registry,
  { name, help, labelNames }: { name: string; help: string; labelNames: readonly [string, string, string] },
): Count {
  const [first, second, third] = labelNames;
  const counts: ByThree = new Map();
  const series = () =>
    [...counts].flatMap(([a, seconds]) =>
      [...seconds].flatMap(([b, thirds]) =>
        [...thirds].map(([c, { count }]) => ({ labels: { [first]: a, [second]: b, [third]: c }, value: count })),
      ),
    );
  register(registry, { name, help, type: 'counter' }, series);
  return (a, b, c) => {
    const bySecond = entryOf(counts, a, newMap<Map<string, Tally>>);
    const byThird = entryOf(bySecond, b, newMap<Tally>);
    entryOf(byThird, c, newCount).count += 1;
  };
}

/** Registers a histogram with one label; `bounds` in seconds, ascending. */
export function registerTimes(
  registry: Registry,
  { name, help, labelName, bounds }: { name: string; help: string; labelName: string; bounds: readonly number[] },
): Time {
  const boundsMs = bounds.map((seconds) => seconds * 1000);
  const tallies = new Map<string, TimeTally>();
  const seriesOf = (labels: Labels, { buckets, sumMs, count }: TimeTally) => {
    let below = 0;
    const upTo = bounds.map((le, i) => ({
      metricName: `${name}_bucket`,
      labels: { le, ...labels },
      value: (below += buckets[i] ?? 0),
    }));
    return [
      ...upTo,
      { metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: count },
      { metricName: `${name}_sum`, labels, value: sumMs / 1000 },
      { metricName: `${name}_count`, labels, value: count },
    ];
  };
  register(registry, { name, help, type: 'histogram' }, () =>
    [...tallies].flatMap(([value, tally]) => seriesOf({ [labelName]: value }, tally)),
  );
  return (value, durationMs) => {
    const tally = entryOf(tallies, value, newTimes);
    tally.sumMs += durationMs;
    tally.count += 1;
    for (let i = 0; i < boundsMs.length; i += 1) {
      if (durationMs > (boundsMs[i] ?? 0)) continue;
      tally.buckets[i] = (tally.buckets[i] ?? 0) + 1;
      return;
    }
  };
}

interface Tally {
  count: number;
}

type ByThree = Map<string, Map<string, Map<string, Tally>>>;

interface TimeTally {
  /** How many fell into each bucket alone. */
  readonly buckets: number[];
  sumMs: number;
  count: number;
}

const newMap = <V>(): Map<string, V> => new Map();
const newCount = (): Tally => ({ count: 0 });
const newTimes = (): TimeTally => ({ buckets: [], sumMs: 0, count: 0 });

function entryOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function register(
  registry: Registry,
  { name, help, type }: { name: string; help: string; type: 'counter' | 'histogram' },
  values: () => readonly object[],
): void {
  const metric = { name, get: () => Promise.resolve({ name, help, type, aggregator: 'sum', values: values() }) };
  // The library asks no more of a metric than this; its types know its own classes alone.
  registry.registerMetric(metric as unknown as Metric);
}
