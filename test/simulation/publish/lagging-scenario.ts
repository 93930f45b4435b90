import * as fc from 'fast-check';
import type { Scheduler } from 'fast-check';
import type { StagedPackage } from '../../../src/repository/service/publishing.ts';
import type { SigningKey } from '../../../src/repository/keys/signing-keys.ts';
import { contentFaultsOf, disagreements, lateFaultsOf, listedIn, type Operation } from './history.ts';
import type { Lag } from './lag.ts';
import { at, play, readEverywhere, scenarioArbitrary, told, type Scenario, type Step } from './scenario.ts';
import type { WorldOptions } from './world.ts';

/** What any scenario has, before a registry whose listings, and at times reads by name, are some requests behind. */
export const laggingArbitrary = fc
  .tuple(scenarioArbitrary, fc.record({ listing: fc.nat(40), lookup: fc.oneof(fc.constant(0), fc.nat(40)) }))
  .map(([scenario, lag]) => ({ ...scenario, lag, steps: scenario.steps.map(shortened) }));

/** No wait may take longer than the grace period while a registry lags: that is how long it may. */
function shortened(step: Step): Step {
  return step.kind === 'wait' ? { ...step, ms: 20_000 } : step;
}

/** Runs a scenario before a registry that lags: what may go wrong for a while must be right once the lag is over. */
export async function runLaggingScenario(
  scheduler: Scheduler,
  { lag, ...scenario }: Scenario & { readonly lag: Lag },
  staged: ReadonlyMap<string, StagedPackage>,
  key: SigningKey,
  more: Partial<WorldOptions> = {},
): Promise<readonly string[]> {
  const patience = { listingPatienceMs: 120_000, publishTimeoutMs: 240_000 };
  const options = { lag: { ...lag, image: at.image }, repositories: patience, ...more };
  const { world, replicas, history } = await play(scheduler, scenario, staged, key, options);
  for (const { index } of history.readings) if (index !== undefined) listedIn(index, key);
  world.calm();
  // Past the grace period, and a second look after it: what a replica missed once may be final only then.
  for (let i = 0; i < 3; i += 1) {
    world.pass(400_000);
    await readEverywhere(world, replicas);
  }
  world.pass(400_000);
  const last = await readEverywhere(world, replicas);
  const behind = Math.max(lag.listing, lag.lookup);
  // Where reads by name tell the truth, and pushes wait for the listing, no dead push may take the place of an acknowledged one.
  const isLasting = ({ outcome }: Operation) => (lag.lookup === 0 ? outcome === 'done' : outcome !== 'refused');
  return told(history, [
    ...(lag.lookup === 0 ? contentFaultsOf(history) : []),
    ...disagreements(last, key),
    ...last.flatMap((reading) => lateFaultsOf(history, reading, key, behind, isLasting)),
  ]);
}
