import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { MetricsSnapshot } from './metrics.ts';

/** Adds up the metrics of the processes that serve together. */
export interface MetricsSum {
  /** What a process has counted until now. */
  keep(process: number, snapshot: MetricsSnapshot): void;
  /** A process is gone: what it counted stays in the sums, what it was is over. */
  retire(process: number): void;
  /** Another took its place. */
  restarted(): void;
  format(): Promise<{ readonly text: string; readonly contentType: string }>;
}

type MetricJson = MetricsSnapshot[number];

/** What isn't to be added up: where one process is late, an average hides it. */
const others: Readonly<Record<string, MetricJson['aggregator']>> = {
  process_start_time_seconds: 'min',
  process_max_fds: 'min',
};

/**
 * Sums of counters and histograms never go down when a process ends, or Prometheus would take what is left for new. Memory,
 * processor time and open files count this process too; of the event loops' lag the longest is given.
 */
export function createMetricsSum(countProcesses: () => number): MetricsSum {
  const own = new Registry();
  collectDefaultMetrics({ register: own });
  const restarts = new Counter({
    name: 'lkard_worker_restarts_total',
    help: 'Worker processes that ended and were replaced',
    registers: [own],
  });
  new Gauge({
    name: 'lkard_workers',
    help: 'Worker processes that serve',
    registers: [own],
    collect() {
      this.set(countProcesses());
    },
  });
  const latest = new Map<number, MetricsSnapshot>();
  let retired: MetricsSnapshot = [];

  return {
    keep(process, snapshot) {
      latest.set(process, snapshot.map(withAggregator));
    },
    retire(process) {
      const counted = (latest.get(process) ?? []).filter(isCount);
      latest.delete(process);
      retired = mergeCounts(retired, counted);
    },
    restarted() {
      restarts.inc();
    },
    async format() {
      const ours = (await own.getMetricsAsJSON()).map(withAggregator);
      const sum = AggregatorRegistry.aggregate([ours, ...latest.values(), retired].map((one) => [...one]));
      return { text: await sum.metrics(), contentType: sum.contentType };
    },
  };
}

// Plain data, since it crosses between processes: types are given as words ('counter') or by the library's own numbers.
function isCount({ type }: MetricJson): boolean {
  const word = String(type);
  return word === 'counter' || word === 'histogram';
}

function withAggregator(metric: MetricJson): MetricJson {
  const isLag = metric.name.startsWith('nodejs_eventloop_lag');
  return { ...metric, aggregator: isLag ? 'max' : (others[metric.name] ?? metric.aggregator) };
}

/** One of each metric, its values added by their labels. */
function mergeCounts(a: MetricsSnapshot, b: MetricsSnapshot): MetricsSnapshot {
  const merged = new Map(a.map((metric) => [metric.name, metric]));
  for (const metric of b) {
    const before = merged.get(metric.name);
    merged.set(
      metric.name,
      before === undefined ? metric : { ...metric, values: addValues(before.values, metric.values) },
    );
  }
  return [...merged.values()];
}

function addValues(a: MetricJson['values'], b: MetricJson['values']): MetricJson['values'] {
  const keyOf = (value: MetricJson['values'][number]) =>
    JSON.stringify([value.metricName, Object.entries(value.labels).toSorted()]);
  const sums = new Map(a.map((value) => [keyOf(value), value]));
  for (const value of b) {
    const key = keyOf(value);
    sums.set(key, { ...value, value: value.value + (sums.get(key)?.value ?? 0) });
  }
  return [...sums.values()];
}
