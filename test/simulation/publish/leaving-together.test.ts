import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { isGatewayError } from '../../../src/errors.ts';
import { listedIn } from './history.ts';
import { allStagedPackages } from './packages.ts';
import { at, caller, play, readEverywhere, type Scenario, type Step } from './scenario.ts';
import { createStage, simulated } from './stage.ts';
import { simulationKey, type Replica } from './world.ts';

const runs = Math.min(600, Number(process.env['SIMULATION_RUNS'] ?? 150));
const seed = Number(process.env['SIMULATION_SEED'] ?? '77');
const staged = await allStagedPackages();
const key = simulationKey();
const selection = { files: ['x86_64/a-1.0-r0.apk'] };
const waysToLeave = ['delete', 'withdraw', 'delete now', 'withdraw now'] as const;

const twoAtOnce = fc.record({
  ways: fc.tuple(fc.constantFrom(...waysToLeave), fc.constantFrom(...waysToLeave)),
  later: fc.nat(12),
  deletes: fc.constantFrom('tag' as const, 'digest' as const, 'unsupported' as const),
});

it(
  `a package that two replicas take away at once has gone as those say who were told so, in ${runs} schedules`,
  { timeout: 300_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), twoAtOnce, async (scheduler, { ways: [one, other], later, deletes }) => {
        const steps: Step[] = [
          { kind: 'push', files: [0], content: 0, skip: false, replica: 0, after: 0 },
          { kind: one, file: 0, replica: 0, after: 35 },
          { kind: other, file: 0, replica: 1, after: 35 + later },
        ];
        const { done, left } = await takeAway(scheduler, { steps, replicas: 2, deletes, latePuts: [] });
        // Whoever comes too late may be told that nothing is there.
        expect(done.length).toBeGreaterThan(0);
        const isDeleted = done.some((way) => way.startsWith('delete'));
        const isWithdrawn = done.some((way) => way.startsWith('withdraw'));
        const isOver = done.some((way) => way.endsWith('now')) || (isDeleted && isWithdrawn);
        expect(left).toEqual({
          listed: 0,
          withdrawn: isDeleted ? 0 : 1,
          isFetchable: !isOver,
          isRestorable: !isDeleted || !isOver,
        });
      }),
      { numRuns: runs, endOnFailure: true, seed },
    );
  },
);

/** What who asked for it was told is done, and what a newcomer finds then. */
async function takeAway(scheduler: fc.Scheduler, scenario: Scenario) {
  const { world, replicas, history } = await play(scheduler, scenario, staged, key, {});
  world.calm();
  const newcomer = world.bystander('newcomer');
  const readings = await readEverywhere(world, replicas, newcomer);
  const listed = readings.flatMap(({ index }) => (index === undefined ? [] : [...listedIn(index, key)]));
  const withdrawn = await world.until(newcomer.listWithdrawn(at, caller));
  const found = await world.until(newcomer.findPackage(at, 'x86_64', 'a-1.0-r0.apk', caller));
  const restored = newcomer.restoreFiles(at, selection, caller, { isDryRun: true });
  const leaving = history.operations.filter(({ kind }) => kind === 'delete');
  return {
    done: leaving.filter(({ outcome }) => outcome === 'done').map(({ step = 'delete' }) => step),
    left: {
      ...{ listed: listed.length, withdrawn: withdrawn.packages.length, isFetchable: found !== undefined },
      isRestorable: await world.until(restored.then(() => true, falseWhereUnknown)),
    },
  };
}

it('a withdrawal that nobody was told of, and whose word lands after a deletion, is told until that is asked for again', async () => {
  const isLatePut = ({ id }: Replica, tag: string) => id === 'withdrawing' && tag.includes('-w-');
  const stage = await createStage({ holdsLate: true, isLatePut });
  const [withdrawing, deleting] = [stage.replica('withdrawing'), stage.replica('deleting')];
  await stage.push(deleting, simulated.a);
  const refused = stage.until(withdrawing.repositories.withdrawFiles(at, selection, caller));
  await expect(refused).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  const remove = () => stage.until(deleting.repositories.deleteFiles(at, selection, caller, {}));
  await remove();
  stage.world.landLate();
  const newcomer = stage.world.bystander('newcomer');
  const withdrawn = async () => (await stage.until(newcomer.listWithdrawn(at, caller))).packages.length;
  expect([await withdrawn(), await stage.read()]).toEqual([1, []]);
  await remove();
  expect(await withdrawn()).toBe(0);
});

function falseWhereUnknown(error: unknown): boolean {
  if (isGatewayError(error, 'PACKAGE_UNKNOWN')) return false;
  throw error;
}
