import * as fc from 'fast-check';
import { laggingArbitrary, runLaggingScenario } from '../publish/lagging-scenario.ts';
import { allStagedPackages } from '../publish/packages.ts';
import { runScenario, scenarioArbitrary } from '../publish/scenario.ts';
import { runTroubledScenario, troubledArbitrary, type TroubleKind } from '../publish/troubled-scenario.ts';
import { simulationKey } from '../publish/world.ts';

/** Schedules that are searched: without any trouble, before a registry that lags, or with these kinds of trouble. */
export type Searched = 'quiet' | 'lagging' | readonly TroubleKind[];

/** `known`: those that are written down because they were bad once, and tables of what follows from a look. */
export type Suite = Searched | 'known';

/** What a search came to. */
export interface Found {
  /** Schedules that were tried. */
  readonly tried: number;
  /** What went wrong in the last one; undefined where nothing did in any. */
  readonly fault: string | undefined;
  /** Whether the code fell over, rather than break a promise. */
  readonly isCrash: boolean;
}

/** Searches the schedules of a suite for one that breaks a promise, and ends at the first. */
export async function search(suite: Searched, runs: number, seed: number): Promise<Found> {
  const staged = await allStagedPackages();
  const key = simulationKey();
  let fault: string | undefined;
  const note = (faults: readonly string[]) => {
    fault ??= faults[0];
    return faults.length === 0;
  };
  const schedules = {
    quiet: () =>
      fc.asyncProperty(fc.scheduler(), scenarioArbitrary, async (scheduler, scenario) =>
        note(await runScenario(scheduler, scenario, staged, key)),
      ),
    lagging: () =>
      fc.asyncProperty(fc.scheduler(), laggingArbitrary, async (scheduler, scenario) =>
        note(await runLaggingScenario(scheduler, scenario, staged, key)),
      ),
    troubled: (kinds: readonly TroubleKind[]) =>
      fc.asyncProperty(fc.scheduler(), troubledArbitrary(kinds), async (scheduler, scenario) =>
        note(await runTroubledScenario(scheduler, scenario, staged, key)),
      ),
  };
  const chosen = typeof suite === 'string' ? schedules[suite]() : schedules.troubled(suite);
  const outcome = await fc.check<readonly unknown[]>(chosen as fc.IRawProperty<readonly unknown[]>, {
    numRuns: runs,
    endOnFailure: true,
    seed,
  });
  const thrown = outcome.errorInstance;
  const isThrown = outcome.failed && fault === undefined;
  return {
    tried: outcome.numRuns,
    fault: fault ?? (isThrown ? String(thrown) : undefined),
    isCrash: isThrown && (thrown instanceof TypeError || thrown instanceof ReferenceError),
  };
}
