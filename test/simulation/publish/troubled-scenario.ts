import { finished } from 'node:stream/promises';
import * as fc from 'fast-check';
import type { Scheduler } from 'fast-check';
import type { StagedPackage } from '../../../src/repository/service/publishing.ts';
import type { Repositories } from '../../../src/repository/service/repositories.ts';
import type { SigningKey } from '../../../src/repository/keys/signing-keys.ts';
import { beginnings, changeArbitrary, changeFaultsOf, noneWhere, rollbackFaultsOf } from './changes.ts';
import { contentFaultsOf, faultsOf, listedIn, type History, type Operation, type Reading } from './history.ts';
import {
  at,
  caller,
  merge,
  play,
  readEverywhere,
  crowdedArbitrary,
  stable,
  stepArbitrary,
  told,
  when,
  type KeySet,
  type Scenario,
  type Step,
  type TroubleStep,
} from './scenario.ts';
import type { HalfDonePuts } from './half-done-puts.ts';
import { lifecycleArbitrary, lifecycleFaultsOf, type LifecycleStep } from './lifecycle.ts';
import type { OddAnswers } from './odd-answers.ts';
import type { Replica, World, WorldOptions } from './world.ts';

/**
 * The kinds of trouble that a run may have; a run that fails is narrowed down by leaving some out. `crowds` is none: everybody
 * wants the same name at the same time; nor are `withdrawals` and `changes`, which bring in what may be done to packages beside that.
 */
export const troubleKinds = [
  'clocks',
  'future',
  'sleeps',
  'days',
  'late puts',
  'late deletes',
  'half-done puts',
  'faults',
  'odd answers',
  'hangs',
  'read-only',
  'strangers',
  'foreign keys',
  'operators',
  'collections',
  'restores',
  'crowds',
  'withdrawals',
  'changes',
] as const;
export type TroubleKind = (typeof troubleKinds)[number];

const minutes = 60_000;
type Wait = Pick<Extract<Step, { kind: 'wait' }>, 'kind' | 'ms'>;
const aWhile = fc.constantFrom(300, 3_000, 20_000, 90_000);

/** What each kind of trouble brings into a scenario as steps. */
const stepsOf: Readonly<Partial<Record<TroubleKind, fc.Arbitrary<TroubleStep | LifecycleStep | Wait>>>> = {
  clocks: fc.constantFrom(-20, -5, 5, 20).map((ms): TroubleStep => ({ kind: 'clock', ms: ms * minutes })),
  sleeps: fc.constantFrom(1_000, 45_000, 310_000, 3_600_000).map((ms): TroubleStep => ({ kind: 'sleep', ms })),
  days: fc.constantFrom(25, 50).map((hours) => ({ kind: 'wait', ms: hours * 60 * minutes })),
  'late puts': fc.constant<TroubleStep>({ kind: 'land' }),
  'late deletes': fc.constant<TroubleStep>({ kind: 'land' }),
  faults: aWhile.map((ms): TroubleStep => ({ kind: 'trouble', trouble: 'fault', ms })),
  hangs: aWhile.map((ms): TroubleStep => ({ kind: 'trouble', trouble: 'hang', ms })),
  'read-only': aWhile.map((ms): TroubleStep => ({ kind: 'trouble', trouble: 'read-only', ms })),
  operators: fc.constantFrom('mend', 'resign').map((asks): TroubleStep => ({ kind: 'operator', asks })),
  strangers: fc.nat(2).map((architecture): TroubleStep => ({ kind: 'stranger', architecture })),
  collections: fc.constant<TroubleStep>({ kind: 'collect' }),
  restores: fc.oneof(
    fc.constant<TroubleStep>({ kind: 'back-up' }),
    fc.nat(60).map((ago): TroubleStep => ({ kind: 'restore', ago })),
  ),
  withdrawals: lifecycleArbitrary,
};

const oddAnswers: fc.Arbitrary<OddAnswers> = fc.dictionary(
  fc.nat(120).map(String),
  fc.constantFrom('bare 404', 'no such tag', 'garbage'),
  { maxKeys: 6 },
);

const halfDonePuts: fc.Arbitrary<HalfDonePuts> = fc.dictionary(
  fc.nat(12).map(String),
  fc.constantFrom('unanswered', 'lost'),
  { maxKeys: 3 },
);

const keySets: readonly (readonly KeySet[])[] = [
  [],
  ['first', 'second'],
  ['first', 'both', 'second'],
  ['both', 'first'],
];

/** Mostly once there is something to change. */
const later = fc.record({ replica: fc.nat(2), after: fc.integer({ min: 30, max: 260 }) });

/** Pushes, deletes, reads and deaths, and beside them whatever of these kinds goes wrong. */
export function troubledArbitrary(kinds: readonly TroubleKind[]): fc.Arbitrary<Scenario> {
  const has = (kind: TroubleKind) => kinds.includes(kind);
  const troubles = kinds.flatMap((kind) => stepsOf[kind] ?? []);
  const trouble: readonly fc.Arbitrary<Step>[] =
    troubles.length === 0 ? [] : [fc.tuple(when, fc.oneof(...troubles)).map(merge)];
  const changes: readonly fc.Arbitrary<Step>[] = has('changes') ? [fc.tuple(later, changeArbitrary).map(merge)] : [];
  const mixed = (step: fc.Arbitrary<Step>) => fc.oneof({ weight: 2, arbitrary: step }, ...trouble, ...changes);
  const steps = fc.array(mixed(stepArbitrary), { minLength: 3, maxLength: 12 });
  const crowd = fc.array(mixed(crowdedArbitrary), { minLength: 4, maxLength: 12 });
  const few = fc.array(fc.nat(8), { maxLength: 2 });
  const offsets = [
    0,
    ...(has('clocks') ? [-20, -2, 0, 2, 20] : []),
    ...(has('future') ? [120, 9_000, 600_000] : []),
  ].map((ms) => ms * minutes);
  const rest = !has('crowds') ? steps : kinds.length === 1 ? crowd : fc.oneof(steps, crowd);
  const begun = fc.tuple(beginnings, rest).map(([first, others]) => [...first, ...others]);
  return fc.record({
    steps: has('changes') ? begun : rest,
    replicas: fc.integer({ min: 2, max: 3 }),
    deletes: fc.constantFrom('tag', 'digest', 'unsupported'),
    latePuts: has('late puts') ? few : fc.constant([]),
    lateDeletes: has('late deletes') ? few : fc.constant([]),
    halfDonePuts: has('half-done puts') ? halfDonePuts : fc.constant({}),
    oddAnswers: has('odd answers') ? oddAnswers : fc.constant({}),
    clockOffsets: fc.array(fc.constantFrom(...offsets), { minLength: 3, maxLength: 3 }),
    keySets: has('foreign keys') ? fc.constantFrom<readonly KeySet[]>(...keySets) : fc.constant([]),
    readsAfter: fc.constant(true),
  });
}

/** Runs a scenario in a world where all may go wrong and returns what broke, in words; empty where every promise was kept. */
export async function runTroubledScenario(
  scheduler: Scheduler,
  scenario: Scenario,
  staged: ReadonlyMap<string, StagedPackage>,
  key: SigningKey,
  options: Partial<WorldOptions> = {},
): Promise<readonly string[]> {
  const { world, replicas, history } = await play(scheduler, scenario, staged, key, {
    holdsLate: true,
    ...options,
  });
  world.calm();
  await settle(world);
  // Past every lease: what a replica believed for a while it believes no more.
  const newcomer = world.bystander('newcomer');
  const hasStable = history.operations.some(({ place }) => place !== undefined);
  const places = hasStable ? [at, stable] : [at];
  for (let i = 0; i < 3; i += 1) {
    world.pass(20 * minutes);
    await readEverywhere(world, replicas, newcomer, places);
    // What is tried again behind the readers has its time too.
    await world.until(world.clock.sleep(10_000));
  }
  const last = await readEverywhere(world, replicas, newcomer, places);
  const wasPutBack = scenario.steps.some(({ kind }) => kind === 'restore');
  const judged = { ...history, operations: history.operations.map(asAnswered) };
  return told(history, [
    ...contentFaultsOf(judged),
    ...[...history.readings, ...last].flatMap((reading) => faultsOfAny(judged, reading, key)),
    ...changeFaultsOf(judged, lastlyListed(last, key)),
    ...(await unreadable(world, newcomer, last, key, wasPutBack)),
    ...(await lifecycleFaultsOf(world, [newcomer, ...replicas.map(({ repositories }) => repositories)], judged)),
    ...(history.snapshots.length > 0 ? await rollbackFaultsOf(world, newcomer, key, { ...history, wasPutBack }) : []),
  ]);
}

/** Identities by file, those of the first repository by `main <file>`. */
function lastlyListed(readings: readonly Reading[], key: SigningKey): ReadonlyMap<string, string> {
  const listed = new Map<string, string>();
  for (const { index, place, key: own } of readings) {
    if (index === undefined) continue;
    for (const [file, identity] of listedIn(index, own ?? key)) {
      listed.set(place === undefined ? `main ${file}` : file, identity);
    }
  }
  return listed;
}

/** Late puts that landed are seen by nobody until requests are made again. */
async function settle(world: World): Promise<void> {
  await world.runUntil(() => world.settled());
}

function isUndone(operation: Operation): boolean {
  return operation.isUndone === true;
}

/** What a restore took back may be there or not, as if it had never been answered. */
function asAnswered(operation: Operation): Operation {
  return isUndone(operation) ? { ...operation, outcome: 'unanswered', ended: Infinity } : operation;
}

/**
 * A stale index is marked, and is held only to what its own gateway answered; where the registry was put back meanwhile, it may
 * be from before that.
 */
function faultsOfAny(history: History, reading: Reading, key: SigningKey): readonly string[] {
  if (reading.isStrangers === true) return ['somebody without rights was given an index'];
  const own = reading.key ?? key;
  if (reading.index?.isStale !== true) return faultsOf(history, reading, own);
  const isHeldTo = (one: Operation) => one.replica === reading.replica && !history.operations.some(isUndone);
  const operations = history.operations.map((one) =>
    isHeldTo(one) ? one : { ...one, outcome: 'unanswered' as const, ended: Infinity },
  );
  return faultsOf({ ...history, operations }, reading, own);
}

/** What an index lists in the end can be fetched, whole; where the registry was put back, at the latest once it was repaired. */
async function unreadable(
  world: World,
  newcomer: Replica['repositories'],
  readings: readonly Reading[],
  key: SigningKey,
  wasPutBack: boolean,
): Promise<readonly string[]> {
  const faults = await unreadableIn(world, newcomer, readings, key);
  if (faults.length === 0 || !wasPutBack) return faults;
  const places = readings.some(({ place }) => place !== undefined) ? [at, stable] : [at];
  // What is missing for the first time may be hidden for a moment; some minutes later nobody believes that any more.
  for (const place of [...places, ...places]) {
    await world.until(newcomer.mend(place, caller).catch(noneWhere('REPOSITORY_UNKNOWN')));
    world.pass(20 * minutes);
  }
  return await unreadableIn(world, newcomer, await readEverywhere(world, [], newcomer, places), key);
}

async function unreadableIn(
  world: World,
  newcomer: Repositories,
  readings: readonly Reading[],
  key: SigningKey,
): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const { architecture, index, key: own, place } of readings) {
    if (index === undefined) continue;
    const where = place === undefined ? at : stable;
    for (const file of listedIn(index, own ?? key).keys()) {
      const fileName = file.slice(file.indexOf('/') + 1);
      try {
        const opened = await world.until(
          newcomer.findPackage(where, architecture, fileName, caller).then((found) => found?.open()),
        );
        if (opened === undefined) faults.push(`${file} is listed in the end and not there`);
        else if (!(opened instanceof Uint8Array)) await finished(opened.resume());
      } catch (error) {
        faults.push(`${file} is listed in the end and can't be fetched: ${String(error)}`);
      }
    }
  }
  return faults;
}
