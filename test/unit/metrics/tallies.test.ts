import { Counter, Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { registerCounter, registerTimes } from '../../../src/metrics/tallies.ts';

it("counts read as the library's own do", async () => {
  const [ours, theirs] = [new Registry(), new Registry()];
  const shape = { name: 'requests_total', help: 'Requests', labelNames: ['route', 'method', 'status'] as const };
  const count = registerCounter(ours, shape);
  const counter = new Counter({ ...shape, registers: [theirs] });
  for (const [route, method, status] of [
    ['index', 'GET', '200'],
    ['index', 'GET', '304'],
    ['/say "hi"\\\n', 'GET', '200'],
    ['index', 'GET', '200'],
  ] as const) {
    count(route, method, status);
    counter.inc({ route, method, status });
  }
  expect(linesOf(await ours.metrics())).toEqual(linesOf(await theirs.metrics()));
});

it("durations read as the library's own do", async () => {
  const [ours, theirs] = [new Registry(), new Registry()];
  const shape = { name: 'duration_seconds', help: 'Durations' };
  const bounds = [0.001, 0.005, 0.5, 10];
  const time = registerTimes(ours, { ...shape, labelName: 'route', bounds });
  const histogram = new Histogram({ ...shape, labelNames: ['route'], buckets: bounds, registers: [theirs] });
  for (const [route, ms] of [
    ['index', 0],
    ['index', 1],
    ['file', 5],
    ['index', 250],
    ['file', 64_000],
  ] as const) {
    time(route, ms);
    histogram.observe({ route }, ms / 1000);
  }
  expect(linesOf(await ours.metrics())).toEqual(linesOf(await theirs.metrics()));
});

/** Series come in no order that anybody promises. */
function linesOf(text: string): readonly string[] {
  return text.trim().split('\n').sort();
}
