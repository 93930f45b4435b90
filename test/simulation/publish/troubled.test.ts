import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allStagedPackages } from './packages.ts';
import { runTroubledScenario, troubledArbitrary, troubleKinds } from './troubled-scenario.ts';
import { simulationKey } from './world.ts';

const runs = Number(process.env['SIMULATION_RUNS'] ?? 2000);
// The same schedules each time, so that a run tells of the change it tests; `npm run simulate` draws others.
const seed = Number(process.env['SIMULATION_SEED'] ?? '77');
const wanted = process.env['SIMULATION_TROUBLES']?.split(',');
const staged = await allStagedPackages();
const key = simulationKey();

/** Of the runs of an index here: each alone has some hundred. */
const someInline = 1500;

const check = (kinds: Parameters<typeof troubledArbitrary>[0], numRuns: number, maxInlineBytes = 0) =>
  fc.assert(
    fc.asyncProperty(fc.scheduler(), troubledArbitrary(kinds), async (scheduler, scenario) => {
      expect(await runTroubledScenario(scheduler, { ...scenario, maxInlineBytes }, staged, key)).toEqual([]);
    }),
    { numRuns, endOnFailure: true, seed },
  );

describe('the publish protocol in the world as it is', () => {
  const kinds = troubleKinds.filter((kind) => wanted?.includes(kind) !== false);

  it.each(kinds)('loses nothing where there are %s', { timeout: Math.max(300_000, runs * 500) }, (kind) =>
    check([kind], Math.ceil(runs / 20)),
  );

  it(
    `loses nothing where all of it comes together, in ${runs} schedules`,
    { timeout: Math.max(300_000, runs * 1000) },
    () => check(kinds, runs),
  );

  it.each([someInline, 32 * 1024])(
    'nor where manifests of indexes hold runs of up to %i bytes themselves',
    { timeout: Math.max(300_000, runs * 500) },
    (maxInlineBytes) => check(kinds, Math.ceil(runs / 8), maxInlineBytes),
  );
});
