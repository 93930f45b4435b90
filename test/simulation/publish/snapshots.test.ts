import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isGatewayError } from '../../../src/errors.ts';
import type { Repositories } from '../../../src/repository/service/repositories.ts';
import type { Store } from '../../../src/store/store.ts';
import { listedIn } from './history.ts';
import { listsOnce } from './lag.ts';
import { allStagedPackages, fileNameOf, simulatedFiles, stagedKey } from './packages.ts';
import { at, caller } from './scenario.ts';
import { createWorld, simulationKey, type Replica, type WorldOptions } from './world.ts';

const runs = Number(process.env['SIMULATION_RUNS'] ?? 300);
const seed = Number(process.env['SIMULATION_SEED'] ?? '77');
const staged = await allStagedPackages();
const key = simulationKey();

const kinds = [
  'push',
  'push',
  'delete',
  'create',
  'create',
  'create',
  'read',
  'read',
  'remove',
  'rollback',
  'kill',
] as const;

interface Step {
  readonly after: number;
  readonly replica: number;
  readonly kind: (typeof kinds)[number];
  readonly which: number;
}

/** What somebody did with a snapshot, and what they were told. */
interface Told {
  readonly kind: Step['kind'];
  readonly name: string;
  readonly began: number;
  readonly ended: number;
  /** `done`, a code, or of a reading what it listed. */
  readonly answer: string;
}

const scenarioArbitrary = fc.record({
  replicas: fc.integer({ min: 1, max: 3 }),
  deletes: fc.constantFrom('tag' as const, 'digest' as const, 'unsupported' as const),
  latePuts: fc.array(fc.nat(60), { maxLength: 2 }),
  listingLag: fc.constantFrom(0, 0, 15, 40),
  steps: fc.array(
    fc.record({
      after: fc.nat(120),
      replica: fc.nat(2),
      kind: fc.constantFrom(...kinds),
      which: fc.nat(3),
    }),
    { minLength: 4, maxLength: 14 },
  ),
});

type Scenario = typeof scenarioArbitrary extends fc.Arbitrary<infer T> ? T : never;

const nameOf = ({ which }: Step) => `s${which % 2}`;

async function readSnapshot(repositories: Repositories, name: string): Promise<string> {
  const index = await repositories.openIndex({ ...at, branch: `${at.branch}@${name}` }, 'x86_64', caller);
  return index === undefined
    ? 'nothing'
    : [...listedIn(index, key)].map(([file, identity]) => `${file} ${identity}`).join();
}

async function act({ repositories }: Replica, step: Step): Promise<string> {
  const file = simulatedFiles[step.which]!;
  switch (step.kind) {
    case 'push': {
      const publication = await repositories.begin(at, caller);
      await publication.commit([staged.get(stagedKey(file, step.after % 2 === 0 ? 'one' : 'two'))!], {
        ifExists: 'skip',
      });
      return 'done';
    }
    case 'delete':
      await repositories.withdraw(at, { architecture: file.architecture, fileName: fileNameOf(file) }, caller);
      return 'done';
    case 'create':
      await repositories.createSnapshot(at, nameOf(step), caller);
      return 'done';
    case 'remove':
      await repositories.removeSnapshot(at, nameOf(step), caller);
      return 'done';
    case 'rollback':
      await repositories.rollback(at, nameOf(step), caller);
      return 'done';
    case 'read':
      return await readSnapshot(repositories, nameOf(step));
    case 'kill':
      return 'done';
  }
}

async function play(
  scheduler: fc.Scheduler,
  scenario: Scenario,
  options: WorldOptions = {},
): Promise<readonly string[]> {
  const { deletes, latePuts, listingLag } = scenario;
  const lag = { image: at.image, listing: listingLag, lookup: 0 };
  const world = createWorld(scheduler, key, { deletes, latePuts: new Set(latePuts), lag, ...options });
  const replicas = Array.from({ length: scenario.replicas }, (_, i) => world.replica(`r${i}`));
  const told: Told[] = [];
  const running = new Set<Replica[]>();
  const waiting = scenario.steps.toSorted((a, b) => a.after - b.after);

  const run = async (replica: Replica, step: Step) => {
    const began = world.steps();
    const answer = await act(replica, step).catch((error: unknown) => {
      if (isGatewayError(error)) return error.code;
      throw error;
    });
    if (replica.isDead) return;
    told.push({ kind: step.kind, name: nameOf(step), began, ended: world.steps(), answer });
  };
  const start = (step: Step) => {
    const slot = step.replica % replicas.length;
    const replica = replicas[slot]!;
    if (step.kind === 'kill') {
      replica.isDead = true;
      replicas[slot] = world.replica(`r${slot}+`);
      return;
    }
    const entry = [replica];
    running.add(entry);
    // Whoever dies is never answered: what they did may have been done.
    if (step.kind === 'remove') removesBegun.push({ name: nameOf(step), began: world.steps() });
    void run(replica, step).finally(() => running.delete(entry));
  };
  const removesBegun: { readonly name: string; readonly began: number }[] = [];
  await world.runUntil(() => {
    const isIdle = () => [...running].every(([replica]) => replica!.isDead);
    while (waiting.length > 0 && (waiting[0]!.after <= world.steps() || isIdle())) start(waiting.shift()!);
    return waiting.length === 0 && isIdle();
  });
  const newcomer = world.bystander('newcomer');
  for (const name of ['s0', 's1']) {
    const answer = await readSnapshot(newcomer, name).catch((error: unknown) => {
      if (isGatewayError(error)) return error.code;
      throw error;
    });
    told.push({ kind: 'read', name, began: world.steps(), ended: world.steps(), answer });
  }
  return judge(told, removesBegun);
}

/** A replica that is never told which snapshot has a name, but by listings. */
function withoutNames(store: Store): Store {
  return {
    ...store,
    image(image, credentials) {
      const front = store.image(image, credentials);
      const isName = (reference: string) => reference.startsWith('snapshot-name-');
      return {
        ...front,
        fetchManifest: async (reference, options) =>
          isName(reference) ? undefined : await front.fetchManifest(reference, options),
      };
    },
  };
}

/** What a registry that is in trouble may be told instead of a snapshot. */
const passing = ['STORE_UNAVAILABLE', 'PUBLISH_TIMEOUT', 'ABORTED'];

function judge(
  told: readonly Told[],
  removes: readonly { readonly name: string; readonly began: number }[],
): readonly string[] {
  return told
    .filter(({ kind, answer }) => kind === 'create' && answer === 'done')
    .flatMap(({ name, ended }) => {
      const isKept = (until: number) => !removes.some((remove) => remove.name === name && remove.began < until);
      const after = told.filter((one) => one.name === name && isKept(one.ended) && one.began >= ended);
      const twice = after.filter(({ kind, answer }) => kind === 'create' && answer === 'done');
      const readings = after.filter(({ kind, answer }) => kind === 'read' && !passing.includes(answer));
      const different = new Set(readings.map(({ answer }) => answer));
      return [
        ...(twice.length > 0 ? [`${name} was made twice`] : []),
        ...(different.size > 1 ? [`${name} was read as ${[...different].join(' and ')}`] : []),
        ...readings
          .filter(({ answer }) => answer === 'nothing' || answer === 'SNAPSHOT_UNKNOWN')
          .map(() => `${name} is not there`),
      ];
    });
}

describe('snapshots', () => {
  it(
    `read the same for ever once they were acknowledged, in ${runs} schedules of pushes, deletes, rollbacks and deaths`,
    { timeout: Math.max(300_000, runs * 500) },
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), scenarioArbitrary, async (scheduler, scenario) => {
          expect(await play(scheduler, scenario)).toEqual([]);
        }),
        { numRuns: runs, endOnFailure: true, seed },
      );
    },
  );

  it.each([
    ['nobody is told the word of a name', withoutNames],
    [
      'a name is taken without that and without a listing made after the claim',
      (store: Store) => listsOnce(withoutNames(store)),
    ],
  ])('are caught when %s', { timeout: 300_000 }, async (_what, sabotage) => {
    const outcome = await fc.check(
      fc.asyncProperty(fc.scheduler(), scenarioArbitrary, async (scheduler, scenario) => {
        expect(await play(scheduler, scenario, { sabotage })).toEqual([]);
      }),
      { numRuns: 500, endOnFailure: true, seed },
    );
    expect(outcome.failed).toBe(true);
  });
});
