import { expect, it } from 'vitest';
import { createMetrics } from '../../../src/metrics/metrics.ts';
import { createMetricsSum } from '../../../src/metrics/summed-metrics.ts';

it('what processes count is added up, and stays when one is gone', async () => {
  const sum = createMetricsSum(() => 2);
  const [first, second, third] = [createMetrics(), createMetrics(), createMetrics()];
  for (const { meter } of [first, second, second]) meter.answered('index', 'GET', 200, 3);
  first.meter.askedRegistry('blob', 'GET', 200, 70);
  first.meter.uploads({ taken: 1, waiting: 0 });
  second.meter.uploads({ taken: 2, waiting: 4 });
  sum.keep(1, await first.snapshot());
  sum.keep(2, await second.snapshot());
  const together = {
    'lkard_http_requests_total{route="index",method="GET",status="200"}': 3,
    'lkard_http_request_duration_seconds_bucket{le="0.005",route="index"}': 3,
    'lkard_http_request_duration_seconds_sum{route="index"}': 0.009,
    'lkard_registry_requests_total{operation="blob",method="GET",status="200"}': 1,
    lkard_open_uploads: 3,
  };
  expect(await formatted(sum, Object.keys(together))).toEqual(together);

  for (const gone of [1, 2]) sum.retire(gone);
  third.meter.answered('index', 'GET', 200, 3);
  sum.keep(3, await third.snapshot());
  sum.restarted();
  const after = {
    ...together,
    'lkard_http_requests_total{route="index",method="GET",status="200"}': 4,
    'lkard_http_request_duration_seconds_bucket{le="0.005",route="index"}': 4,
    'lkard_http_request_duration_seconds_sum{route="index"}': 0.012,
    lkard_open_uploads: 0,
    lkard_worker_restarts_total: 1,
    lkard_workers: 2,
  };
  expect(await formatted(sum, Object.keys(after))).toEqual(after);
});

it('the longest lag of an event loop is told, and the time at which the first process began', async () => {
  const sum = createMetricsSum(() => 1);
  const snapshot = await createMetrics().snapshot();
  const told: Readonly<Record<string, number>> = { nodejs_eventloop_lag_seconds: 7, process_start_time_seconds: 1000 };
  const earlier = snapshot.map((metric) => {
    const value = told[metric.name];
    return value === undefined ? metric : { ...metric, values: [{ value, labels: {} }] };
  });
  sum.keep(1, earlier);
  sum.keep(2, snapshot);
  expect(await formatted(sum, Object.keys(told))).toEqual(told);
});

async function formatted(sum: ReturnType<typeof createMetricsSum>, series: readonly string[]) {
  const lines = (await sum.format()).text.split('\n');
  const valueOf = (name: string) => Number(lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1));
  // Sums of binary fractions.
  return Object.fromEntries(series.map((name) => [name, Math.round(valueOf(name) * 1e6) / 1e6]));
}
