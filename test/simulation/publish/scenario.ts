import * as fc from 'fast-check';
import type { Scheduler } from 'fast-check';
import { isGatewayError } from '../../../src/errors.ts';
import type { StagedPackage } from '../../../src/repository/service/publishing.ts';
import type { Repositories } from '../../../src/repository/service/repositories.ts';
import type { SigningKey } from '../../../src/repository/keys/signing-keys.ts';
import { changeOperationsOf, doChange, isChange, type ChangeStep, type SnapshotTold } from './changes.ts';
import { contentFaultsOf, faultsOf, type History, type Operation, type Reading } from './history.ts';
import type { HalfDonePuts } from './half-done-puts.ts';
import { contents, fileNameOf, simulatedFiles, stagedKey } from './packages.ts';
import { doStep, isLifecycle, operationsOf, type LifecycleStep } from './lifecycle.ts';
import type { OddAnswers } from './odd-answers.ts';
import { stranger, type Trouble } from './troubles.ts';
import { createWorld, simulationKey, type Replica, type World, type WorldOptions } from './world.ts';

export const at = { image: 'team/image', branch: 'v1', repository: 'main' };
export const caller = { credentials: { kind: 'anonymous' } } as const;
/** Where packages are promoted to. */
export const stable = { ...at, repository: 'stable' };
export const architectures = ['x86_64', 'noarch', 'aarch64'];
const hourMs = 3_600_000;

/** One thing that a client does, once the registry has seen `after` requests. */
export type Step = { readonly replica: number; readonly after: number } & (
  | { readonly kind: 'push'; readonly files: readonly number[]; readonly content: number; readonly skip: boolean }
  | { readonly kind: 'delete'; readonly file: number }
  | { readonly kind: 'read'; readonly architecture: number }
  | { readonly kind: 'kill' }
  | { readonly kind: 'wait'; readonly ms: number }
  | TroubleStep
  | LifecycleStep
  | ChangeStep
);

/** What goes wrong beside deaths: each kind can be left out of a run. */
export type TroubleStep =
  | { readonly kind: 'sleep'; readonly ms: number }
  | { readonly kind: 'clock'; readonly ms: number }
  | { readonly kind: 'trouble'; readonly trouble: Trouble; readonly ms: number }
  | { readonly kind: 'land' }
  | { readonly kind: 'collect' }
  | { readonly kind: 'back-up' }
  | { readonly kind: 'restore'; readonly ago: number }
  | { readonly kind: 'stranger'; readonly architecture: number }
  | { readonly kind: 'operator'; readonly asks: 'mend' | 'resign' };

/** Which of the two keys a replica signs with. */
export type KeySet = 'first' | 'second' | 'both';

export interface Scenario {
  readonly steps: readonly Step[];
  readonly replicas: number;
  readonly deletes: 'tag' | 'digest' | 'unsupported';
  readonly latePuts: readonly number[];
  /** Of each replica, in milliseconds; default none. */
  readonly clockOffsets?: readonly number[];
  readonly lateDeletes?: readonly number[];
  readonly oddAnswers?: OddAnswers;
  readonly halfDonePuts?: HalfDonePuts;
  /** Of each replica; default the first key. */
  readonly keySets?: readonly KeySet[];
  /** Bytes of runs that a manifest of an index holds itself; default none. */
  readonly maxInlineBytes?: number;
  /** Whether all replicas are read after each answer. */
  readonly readsAfter?: boolean;
}

export const when = fc.record({ replica: fc.nat(2), after: fc.oneof(fc.constant(0), fc.nat(120)) });
export const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(when, pushArbitrary()).map(merge) },
  {
    weight: 3,
    arbitrary: fc.tuple(when, fc.record({ kind: fc.constant('delete' as const), file: fc.nat(3) })).map(merge),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(when, fc.record({ kind: fc.constant('read' as const), architecture: fc.nat(2) })).map(merge),
  },
  { weight: 1, arbitrary: fc.tuple(when, fc.constant({ kind: 'kill' as const })).map(merge) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(when, fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(40_000, 400_000, 4_000_000) }))
      .map(merge),
  },
);

const soon = fc.record({ replica: fc.nat(2), after: fc.oneof(fc.constant(0), fc.nat(60)) });
/** The same, but all want one name: its two contents, a noarch package of it, and its removal. */
export const crowdedArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        soon,
        fc.record({
          kind: fc.constant('push' as const),
          files: fc.constantFrom([0], [0], [0], [2], [0, 1]),
          content: fc.nat(1),
          skip: fc.boolean(),
        }),
      )
      .map(merge),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(soon, fc.record({ kind: fc.constant('delete' as const), file: fc.constantFrom(0, 0, 2) }))
      .map(merge),
  },
  { weight: 1, arbitrary: fc.tuple(soon, fc.constant({ kind: 'kill' as const })).map(merge) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(soon, fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(2_000, 40_000, 400_000) }))
      .map(merge),
  },
);

function pushArbitrary() {
  return fc.record({
    kind: fc.constant('push' as const),
    files: fc.oneof(
      { weight: 5, arbitrary: fc.nat(3).map((file) => [file]) },
      fc.constant([0, 1]),
      fc.constant([1, 3]),
    ),
    content: fc.nat(1),
    skip: fc.boolean(),
  });
}

export function merge<A, B>([a, b]: readonly [A, B]): A & B {
  return { ...a, ...b };
}

/** Pushes, deletes, reads and deaths, staggered so that some meet what others have long finished. */
export const scenarioArbitrary: fc.Arbitrary<Scenario> = fc.record({
  steps: fc.array(stepArbitrary, { minLength: 2, maxLength: 9 }),
  replicas: fc.integer({ min: 1, max: 3 }),
  deletes: fc.constantFrom('tag', 'digest', 'unsupported'),
  latePuts: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(fc.nat(8), { maxLength: 2 })),
});

/** Runs a scenario and returns what went wrong, in words; empty where every invariant held. */
export async function runScenario(
  scheduler: Scheduler,
  scenario: Scenario,
  staged: ReadonlyMap<string, StagedPackage>,
  key: SigningKey,
  options: Partial<WorldOptions> = {},
): Promise<readonly string[]> {
  const { world, replicas, history } = await play(scheduler, scenario, staged, key, options);
  const last = await readEverywhere(world, replicas);
  return told(history, [
    ...contentFaultsOf(history),
    ...[...history.readings, ...last].flatMap((reading) => faultsOf(history, reading, key)),
  ]);
}

/** Faults once each, and with them what the clients were told. */
export function told({ operations }: History, faults: readonly string[]): readonly string[] {
  if (faults.length === 0) return [];
  const lines = operations.map(
    ({ kind, file, identity, began, ended, outcome }) =>
      `${kind} ${file} ${identity ?? ''} from ${began} to ${ended}: ${outcome}`,
  );
  return [...new Set(faults), ...lines];
}

/** Plays a scenario to its end: everybody is answered or dead. */
export async function play(
  scheduler: Scheduler,
  scenario: Scenario,
  staged: ReadonlyMap<string, StagedPackage>,
  key: SigningKey,
  options: Partial<WorldOptions>,
) {
  const world = createWorld(scheduler, key, {
    deletes: scenario.deletes,
    latePuts: new Set(scenario.latePuts),
    lateDeletes: new Set(scenario.lateDeletes),
    oddAnswers: scenario.oddAnswers ?? {},
    halfDonePuts: scenario.halfDonePuts ?? {},
    repositories: { maxInlineBytes: scenario.maxInlineBytes ?? 0 },
    ...options,
  });
  const ownOf = (slot: number) => ({
    clockOffsetMs: scenario.clockOffsets?.[slot] ?? 0,
    keys: keysOf(scenario.keySets?.[slot] ?? 'first', key),
  });
  const replicas = Array.from({ length: scenario.replicas }, (_, i) => world.replica(`r${i}`, ownOf(i)));
  const operations: Operation[] = [];
  const readings: Reading[] = [];
  const snapshots: SnapshotTold[] = [];
  const history = { operations, readings, snapshots };
  const waiting = scenario.steps
    .map((step, i) => ({ step, i }))
    .sort((a, b) => a.step.after - b.step.after || a.i - b.i);
  const running = new Set<{ readonly replica: Replica }>();

  const run = (replica: Replica, work: Promise<unknown>) => {
    const entry = { replica };
    running.add(entry);
    void work.finally(() => running.delete(entry));
  };
  const start = ({ step }: { step: Step }) => {
    const slot = step.replica % replicas.length;
    const replica = replicas[slot]!;
    if (step.kind === 'wait') {
      // No request is under way for longer than some hours.
      if (step.ms > 4 * hourMs) world.landLate();
      world.pass(step.ms);
      return;
    }
    if (step.kind === 'kill') {
      replica.isDead = true;
      replicas[slot] = world.replica(`r${slot}+`, ownOf(slot));
      return;
    }
    if (!isAsked(step)) {
      disturb(world, replica, step, history);
      return;
    }
    const ended = act(world, replica, step, staged, history);
    run(replica, ended);
    if (scenario.readsAfter !== true) return;
    void ended.then((isAnswered) => {
      if (!isAnswered) return;
      // What was acknowledged is there at once, whoever is asked.
      const places = ['promote', 'move', 'take'].includes(step.kind) ? [at, stable] : [at];
      for (const one of replicas) if (!one.isDead) run(one, readAll(world, one, readings, places));
    });
  };

  const isDone = () => {
    // What is due is begun; where nothing is under way, the next is due.
    const isIdle = () => [...running].every(({ replica }) => replica.isDead);
    while (waiting.length > 0 && (waiting[0]!.step.after <= world.steps() || isIdle())) start(waiting.shift()!);
    return waiting.length === 0 && isIdle();
  };
  await world.runUntil(isDone);
  return { world, replicas, history };
}

/** What somebody asks of a replica. */
type Asked = Extract<
  Step,
  { kind: 'push' | 'delete' | 'read' | 'stranger' | 'operator' | (LifecycleStep | ChangeStep)['kind'] }
>;

function isAsked(step: Step): step is Asked {
  return isLifecycle(step) || isChange(step) || ['push', 'delete', 'read', 'stranger', 'operator'].includes(step.kind);
}

async function act(
  world: World,
  replica: Replica,
  step: Asked,
  staged: ReadonlyMap<string, StagedPackage>,
  history: { readonly operations: Operation[]; readonly readings: Reading[]; readonly snapshots: SnapshotTold[] },
): Promise<boolean> {
  const { operations, readings } = history;
  const began = world.steps();
  if (step.kind === 'read') {
    await read(world, replica, architectures[step.architecture]!, readings);
    return false;
  }
  if (step.kind === 'stranger') {
    await tryAsStranger(world, replica, architectures[step.architecture]!, readings);
    return false;
  }
  if (step.kind === 'operator') {
    const { repositories } = replica;
    const asked = step.asks === 'mend' ? repositories.mend(at, caller) : repositories.resign(at.image, caller);
    await asked.catch(failedForNow);
    return false;
  }
  if (isChange(step)) return await change(world, replica, step, staged, history);
  const files = (step.kind === 'push' ? step.files : [step.file]).map((i) => simulatedFiles[i]!);
  const packages =
    step.kind === 'push' ? files.map((file) => staged.get(stagedKey(file, contents[step.content]!))!) : [];
  const mine = isLifecycle(step)
    ? operationsOf(step, replica, began, staged)
    : files.map((file, i): Operation => ({
        kind: step.kind,
        replica: replica.id,
        file: `${file.architecture}/${fileNameOf(file)}`,
        identity: packages[i]?.summary.identity,
        began,
        ended: Infinity,
        outcome: 'unanswered',
      }));
  operations.push(...mine);
  const answer = (outcome: Operation['outcome'], of = mine) => {
    if (replica.isDead) return;
    for (const operation of mine) {
      Object.assign(operation, { outcome: of.includes(operation) ? outcome : 'refused', ended: world.steps() });
    }
  };
  try {
    if (step.kind === 'push') {
      const publication = await replica.repositories.begin(at, caller);
      await publication.commit(packages, { ifExists: step.skip ? 'skip' : 'fail' });
    } else if (isLifecycle(step)) {
      answer('done', await doStep(step, replica.repositories, mine, staged));
      return !replica.isDead;
    } else {
      const [file] = files;
      await replica.repositories.withdraw(
        at,
        { architecture: file!.architecture, fileName: fileNameOf(file!) },
        caller,
      );
    }
    answer('done');
    return !replica.isDead;
  } catch (error) {
    if (isGatewayError(error, 'PACKAGE_EXISTS', 'PACKAGE_WITHDRAWN', 'PACKAGE_UNKNOWN')) answer('refused');
    else if (isGatewayError(error, ...failures)) answer('failed');
    else throw error;
    return false;
  }
}

async function change(
  world: World,
  replica: Replica,
  step: ChangeStep,
  staged: ReadonlyMap<string, StagedPackage>,
  { operations, snapshots }: { readonly operations: Operation[]; readonly snapshots: SnapshotTold[] },
): Promise<boolean> {
  const began = world.steps();
  const mine = changeOperationsOf(step, replica, began, staged);
  operations.push(...mine);
  const isAbout = step.kind === 'snapshot' || step.kind === 'drop' || step.kind === 'open';
  const told: SnapshotTold | undefined = isAbout
    ? { kind: step.kind, snapshot: step.snapshot, began, ended: Infinity, answer: 'unanswered' }
    : undefined;
  if (told !== undefined) snapshots.push(told);
  const answer = (outcomeOf: (operation: Operation) => Operation['outcome']) => {
    if (replica.isDead) return false;
    for (const one of mine) Object.assign(one, { outcome: outcomeOf(one), ended: world.steps() });
    if (told !== undefined) told.ended = world.steps();
    return true;
  };
  try {
    const done = await doChange(step, replica, mine, staged, told);
    return answer((one) => (done.includes(one) ? 'done' : 'refused'));
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    if (told !== undefined && !replica.isDead) told.answer = error.code;
    // A rollback that loses a name has done the rest.
    const isNothing = isGatewayError(
      error,
      'PACKAGE_UNKNOWN',
      'REPOSITORY_UNKNOWN',
      'SNAPSHOT_UNKNOWN',
      'SNAPSHOT_EXISTS',
    );
    const isTaken = isGatewayError(error, 'PACKAGE_EXISTS', 'PACKAGE_WITHDRAWN');
    if (!isNothing && !isTaken && !isGatewayError(error, ...failures)) throw error;
    answer(() => (isNothing || (isTaken && step.kind !== 'roll back') ? 'refused' : 'failed'));
    return false;
  }
}

/** What a client is told when nothing can be done for it now. */
const failures = ['STORE_UNAVAILABLE', 'PUBLISH_TIMEOUT', 'ABORTED', 'DIGEST_MISMATCH', 'BLOB_UNKNOWN'] as const;

async function read(
  world: World,
  replica: Replica,
  architecture: string,
  readings: Reading[],
  where: typeof at = at,
): Promise<void> {
  const began = world.steps();
  try {
    const index = await replica.repositories.openIndex(where, architecture, caller);
    const {
      id,
      keys: [key],
    } = replica;
    if (!replica.isDead)
      readings.push({ architecture, began, ended: world.steps(), index, replica: id, key, ...placeOf(where) });
  } catch (error) {
    failedForNow(error);
  }
}

/** Whatever they are given is a fault. */
async function tryAsStranger(world: World, replica: Replica, architecture: string, readings: Reading[]): Promise<void> {
  const began = world.steps();
  const { repositories } = replica;
  const asked = [
    repositories.openIndex(at, architecture, stranger),
    ...simulatedFiles.map((file) => repositories.findPackage(at, architecture, fileNameOf(file), stranger)),
  ];
  const given = await Promise.all(asked.map((one) => one.catch(refusedAsNothing)));
  if (given.some((one) => one !== undefined))
    readings.push({ architecture, began, ended: world.steps(), index: undefined, isStrangers: true });
}

async function readAll(
  world: World,
  replica: Replica,
  readings: Reading[],
  places: readonly (typeof at)[],
): Promise<void> {
  await Promise.all(
    places.flatMap((where) => architectures.map((architecture) => read(world, replica, architecture, readings, where))),
  );
}

function placeOf({ repository }: typeof at): { readonly place?: string } {
  return repository === at.repository ? {} : { place: repository };
}

function failedForNow(error: unknown): void {
  if (!isGatewayError(error, ...failures)) throw error;
}

function refusedAsNothing(error: unknown): undefined {
  if (isGatewayError(error, ...failures, 'FORBIDDEN', 'UNAUTHORIZED')) return undefined;
  throw error;
}

const secondKey = simulationKey('second.rsa.pub');

function keysOf(set: KeySet, first: SigningKey): readonly [SigningKey, ...SigningKey[]] {
  if (set === 'both') return [first, secondKey];
  return [set === 'first' ? first : secondKey];
}

/** What happens to the world, and is nobody's request. */
function disturb(
  world: World,
  replica: Replica,
  step: Exclude<TroubleStep, Asked>,
  { operations, snapshots }: { readonly operations: readonly Operation[]; readonly snapshots: readonly SnapshotTold[] },
): void {
  if (step.kind === 'sleep') world.suspend(replica, step.ms);
  else if (step.kind === 'clock') replica.clockOffsetMs += step.ms;
  else if (step.kind === 'trouble') world.troubles.begin(step.trouble, step.ms);
  else if (step.kind === 'land') world.landLate();
  else if (step.kind === 'collect') world.troubles.collect();
  else if (step.kind === 'back-up') world.troubles.backUp();
  else if (step.kind === 'restore') {
    const since = world.troubles.restore(step.ago);
    // What was answered after the back-up is gone, or back.
    for (const operation of operations) if (operation.ended > since) operation.isUndone = true;
    for (const told of snapshots) if (told.ended > since) told.isUndone = true;
  }
}

/** After the last answer: what every replica that lives, and a newcomer, serve of every architecture. */
export async function readEverywhere(
  world: World,
  replicas: readonly Replica[],
  newcomer = world.bystander('newcomer'),
  places: readonly (typeof at)[] = [at],
): Promise<readonly Reading[]> {
  const readings: Reading[] = [];
  const began = world.steps();
  const ask = async ({ repositories, keys }: { repositories: Repositories; keys?: Replica['keys'] }) => {
    const key = keys?.[0];
    for (const [where, architecture] of places.flatMap((one) => architectures.map((name) => [one, name] as const))) {
      const index = await repositories.openIndex(where, architecture, caller);
      const own = { ...(key === undefined ? {} : { key }), ...placeOf(where) };
      readings.push({ architecture, began, ended: Infinity, index, ...own });
    }
  };
  const askedAll = Promise.all([...replicas, { repositories: newcomer }].map(ask));
  let isAsked = false;
  void askedAll.finally(() => (isAsked = true)).catch(() => undefined);
  await world.runUntil(() => isAsked);
  await askedAll;
  return readings;
}
