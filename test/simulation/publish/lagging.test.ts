import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { laggingArbitrary, runLaggingScenario } from './lagging-scenario.ts';
import { allStagedPackages } from './packages.ts';
import { simulationKey } from './world.ts';

const runs = Math.ceil(Number(process.env['SIMULATION_RUNS'] ?? 2000) / 4);
// The same schedules each time, so that a run tells of the change it tests; `npm run simulate` draws others.
const seed = process.env['SIMULATION_SEED'] ?? '21';
const staged = await allStagedPackages();
const key = simulationKey();

describe('the publish protocol before a registry that lags', () => {
  it(
    `has lost nothing once listings and reads by name have caught up, in ${runs} schedules`,
    { timeout: Math.max(300_000, runs * 500) },
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), laggingArbitrary, async (scheduler, scenario) => {
          expect(await runLaggingScenario(scheduler, scenario, staged, key)).toEqual([]);
        }),
        { numRuns: runs, endOnFailure: true, seed: Number(seed) },
      );
    },
  );
});
