import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listsOnce } from './lag.ts';
import { allStagedPackages } from './packages.ts';
import { runScenario, scenarioArbitrary } from './scenario.ts';
import { simulationKey } from './world.ts';

const runs = Number(process.env['SIMULATION_RUNS'] ?? 2000);
// The same schedules each time, so that a run tells of the change it tests; `npm run simulate` draws others.
const seed = process.env['SIMULATION_SEED'] ?? '4242';
const staged = await allStagedPackages();
const key = simulationKey();

describe('the publish protocol', () => {
  it(
    `loses nothing that was acknowledged, in ${runs} schedules of pushes, deletes, reads and deaths`,
    { timeout: Math.max(300_000, runs * 500) },
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), scenarioArbitrary, async (scheduler, scenario) => {
          expect(await runScenario(scheduler, scenario, staged, key)).toEqual([]);
        }),
        { numRuns: runs, endOnFailure: true, seed: Number(seed) },
      );
    },
  );

  it(
    'is caught when it is broken: without the listing after the put, schedules lose packages',
    { timeout: 300_000 },
    async () => {
      const outcome = await fc.check(
        fc.asyncProperty(fc.scheduler(), scenarioArbitrary, async (scheduler, scenario) => {
          const faults = await runScenario(scheduler, scenario, staged, key, { sabotage: listsOnce });
          expect(faults).toEqual([]);
        }),
        { numRuns: 2000, endOnFailure: true },
      );
      expect(outcome.failed).toBe(true);
    },
  );
});
