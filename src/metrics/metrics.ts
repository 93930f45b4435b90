import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
  type MetricObject,
  type MetricValueWithName,
} from 'prom-client';
import type { Meter } from '../ports.ts';
import { registerCounter, registerTimes } from './tallies.ts';

/** What is counted, and the text that Prometheus reads. */
export interface Metrics {
  readonly meter: Meter;
  /** The exposition format of now, and its media type. */
  readonly format: () => Promise<{ readonly text: string; readonly contentType: string }>;
  /** The same as plain data, to be added to others'. */
  readonly snapshot: () => Promise<MetricsSnapshot>;
}

/** Each metric with its values: what crosses between processes. */
export type MetricsSnapshot = readonly (Pick<MetricObject, 'name' | 'help' | 'type' | 'aggregator'> & {
  readonly values: readonly MetricValueWithName<string>[];
})[];

const quickSeconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60];

/** Counts in a registry of its own, with memory, processor and event-loop lag of this process. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const countRequest = registerCounter(registry, {
    name: 'lkard_http_requests_total',
    help: 'Requests answered, by what was asked for',
    labelNames: ['route', 'method', 'status'],
  });
  const timeRequest = registerTimes(registry, {
    name: 'lkard_http_request_duration_seconds',
    help: 'From the head of a request to the end of its answer',
    labelName: 'route',
    bounds: quickSeconds,
  });
  const asked = new Counter({
    name: 'lkard_registry_requests_total',
    help: 'Requests to the registry, each try of its own; status 0 where no answer came',
    labelNames: ['operation', 'method', 'status'],
    registers,
  });
  const answers = new Histogram({
    name: 'lkard_registry_request_duration_seconds',
    help: 'Until the head of the registry’s answer',
    labelNames: ['operation'],
    buckets: quickSeconds,
    registers,
  });
  const short = new Counter({
    name: 'lkard_registry_budget_short_total',
    help: 'Requests to the registry that had to wait for their turn, or got none',
    labelNames: ['outcome'],
    registers,
  });
  let clockAheadMs = 0;
  new Gauge({
    name: 'lkard_clock_ahead_seconds',
    help: 'How far this machine’s clock is ahead of the registry’s, below 0 where it is behind',
    aggregator: 'first',
    registers,
    collect() {
      this.set(clockAheadMs / 1000);
    },
  });
  const lookUps = new Counter({
    name: 'lkard_package_cache_lookups_total',
    help: 'Small packages asked for, by whether they were in memory',
    labelNames: ['result'],
    registers,
  });
  const served = { fresh: 0, stale: 0, ageMs: 0 };
  new Counter({
    name: 'lkard_indexes_served_total',
    help: 'Indexes that went out, stale where the registry could not be reached',
    labelNames: ['state'],
    registers,
    collect() {
      this.reset();
      this.inc({ state: 'fresh' }, served.fresh);
      this.inc({ state: 'stale' }, served.stale);
    },
  });
  new Gauge({
    name: 'lkard_index_age_seconds',
    help: 'How long ago the registry had confirmed the index that went out last',
    aggregator: 'max',
    registers,
    collect() {
      this.set(served.ageMs / 1000);
    },
  });
  const rounds = new Counter({
    name: 'lkard_publish_rounds_total',
    help: 'Looks of publishes, by why they were made',
    labelNames: ['cause'],
    registers,
  });
  const phases = new Histogram({
    name: 'lkard_push_phase_duration_seconds',
    help: 'What pushes waited for',
    labelNames: ['phase'],
    buckets: quickSeconds,
    registers,
  });
  const changes = new Counter({
    name: 'lkard_changed_packages_total',
    help: 'Packages that were changed after their push, snapshots that were made or removed, and what of that was refused or failed',
    labelNames: ['verb', 'outcome'],
    registers,
  });
  const uploads = new Gauge({ name: 'lkard_open_uploads', help: 'Uploads under way', registers });
  const queued = new Gauge({ name: 'lkard_waiting_uploads', help: 'Uploads that wait for room', registers });
  const toRead = new Gauge({
    name: 'lkard_packages_to_read',
    help: 'Packages that are read one by one, as no index lists them',
    registers,
  });

  return {
    meter: {
      answered(route, method, status, durationMs) {
        countRequest(route, method, String(status));
        timeRequest(route, durationMs);
      },
      askedRegistry(operation, method, status, durationMs) {
        asked.inc({ operation, method, status });
        answers.observe({ operation }, durationMs / 1000);
      },
      budgetShort(outcome) {
        short.inc({ outcome });
      },
      clockAhead(ms) {
        clockAheadMs = ms;
      },
      lookedUpPackage(isHit) {
        lookUps.inc({ result: isHit ? 'hit' : 'miss' });
      },
      servedIndex(isStale, ageMs) {
        if (isStale) served.stale += 1;
        else served.fresh += 1;
        served.ageMs = ageMs;
      },
      publishRound(cause) {
        rounds.inc({ cause });
      },
      packagesToRead(change) {
        toRead.inc(change);
      },
      pushPhase(phase, durationMs) {
        phases.observe({ phase }, durationMs / 1000);
      },
      changed(verb, outcome) {
        changes.inc({ verb, outcome });
      },
      uploads({ taken, waiting }) {
        uploads.set(taken);
        queued.set(waiting);
      },
    },
    format: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
    snapshot: () => registry.getMetricsAsJSON(),
  };
}
