import * as fc from 'fast-check';
import { isGatewayError } from '../../../src/errors.ts';
import type { Change } from '../../../src/repository/service/lifecycle.ts';
import type { StagedPackage } from '../../../src/repository/service/publishing.ts';
import type { Repositories } from '../../../src/repository/service/repositories.ts';
import type { SigningKey } from '../../../src/repository/keys/signing-keys.ts';
import { listedIn, mayBeThere, type History, type Operation } from './history.ts';
import { contents, fileNameOf, simulatedFiles, stagedKey } from './packages.ts';
import { architectures, at, caller, stable, type Step } from './scenario.ts';
import type { Replica, World } from './world.ts';

/** What may be done to a repository as a whole, and what brings packages to another one. */
export type ChangeStep =
  | { readonly kind: 'promote' | 'move'; readonly name: string }
  | { readonly kind: 'take'; readonly name: string; readonly snapshot: string }
  | { readonly kind: 'prune' }
  | { readonly kind: 'snapshot' | 'drop' | 'open' | 'roll back'; readonly snapshot: string };

/** What somebody did with a snapshot, and what they were told. */
export interface SnapshotTold {
  readonly kind: 'snapshot' | 'drop' | 'open';
  readonly snapshot: string;
  readonly began: number;
  ended: number;
  /** `done`, a code, or of one that was read what it lists. */
  answer: string | ReadonlyMap<string, string>;
  /** The registry was put back to how it was before. */
  isUndone?: boolean;
}

const kinds = ['promote', 'move', 'take', 'prune', 'snapshot', 'drop', 'open', 'roll back'];
const newerA = 4;

/** Promotions, also from snapshots (`take`), moves, prunings, snapshots and rollbacks, and a second version for there to be something to prune. */
export const changeArbitrary: fc.Arbitrary<ChangeStep | Omit<Extract<Step, { kind: 'push' }>, 'replica' | 'after'>> =
  fc.oneof(
    fc.record({
      kind: fc.constantFrom('promote' as const, 'move' as const, 'move' as const),
      name: fc.constantFrom('a', 'a', 'b', 'c'),
    }),
    fc.constant({ kind: 'prune' as const }),
    fc.record({
      kind: fc.constant('take' as const),
      name: fc.constantFrom('a', 'a', 'b', 'c'),
      snapshot: fc.constantFrom('s0', 's0', 's1'),
    }),
    fc.record({
      kind: fc.constantFrom(...(['snapshot', 'snapshot', 'open', 'roll back', 'roll back'] as const), 'drop' as const),
      snapshot: fc.constantFrom('s0', 's0', 's1'),
    }),
    fc.record({
      kind: fc.constant('push' as const),
      files: fc.constantFrom([newerA], [0, newerA]),
      content: fc.nat(1),
      skip: fc.boolean(),
    }),
  );

/** What a scenario may begin with, so that there is something to change. */
export const beginnings: fc.Arbitrary<readonly Step[]> = fc.constantFrom(
  [],
  [aPush(0, [0, 3], 0)],
  [aPush(0, [0, 1], 0), aPush(30, [newerA], 0)],
  [aPush(0, [0, 1], 0), { kind: 'snapshot', snapshot: 's0', replica: 0, after: 35 }],
  [
    aPush(0, [0, 3], 0),
    { kind: 'snapshot', snapshot: 's0', replica: 0, after: 40 },
    { kind: 'delete', file: 0, replica: 0, after: 80 },
    aPush(120, [0], 1),
  ],
);

function aPush(after: number, files: readonly number[], content: number): Step {
  return { kind: 'push', files, content, skip: false, replica: 0, after };
}

export function isChange(step: { readonly kind: string }): step is ChangeStep {
  return kinds.includes(step.kind);
}

/** What a step may do for those who judge: of each content one push or deletion, and only its answer tells which. */
export function changeOperationsOf(
  step: ChangeStep,
  replica: Replica,
  began: number,
  staged: ReadonlyMap<string, StagedPackage>,
): readonly Operation[] {
  const files = simulatedFiles.filter((file) => !('name' in step) || file.name === step.name);
  const all = files.flatMap((file) =>
    contents.map((content) => ({
      ...{ replica: replica.id, file: `${file.architecture}/${fileNameOf(file)}`, began, step: step.kind },
      ...{ ended: Infinity, outcome: 'unanswered' as const },
      identity: staged.get(stagedKey(file, content))!.summary.identity,
      ...('snapshot' in step && { snapshot: step.snapshot }),
    })),
  );
  const pushes = (place?: string) =>
    all.map((one): Operation => ({ ...one, kind: 'push', ...(place !== undefined && { place }) }));
  const deletions = all.map((one): Operation => ({ ...one, kind: 'delete' }));
  switch (step.kind) {
    case 'promote':
    case 'take':
      return pushes(stable.repository);
    case 'move':
      return [...pushes(stable.repository), ...deletions];
    case 'prune':
      return deletions;
    case 'roll back':
      return [...pushes(), ...deletions];
    case 'snapshot':
    case 'drop':
    case 'open':
      return [];
  }
}

/** Does a step; which of its operations are done, the others having come to nothing. */
export async function doChange(
  step: ChangeStep,
  { repositories, keys: [key] }: Replica,
  mine: readonly Operation[],
  staged: ReadonlyMap<string, StagedPackage>,
  told: SnapshotTold | undefined,
): Promise<readonly Operation[]> {
  const identityOf = new Map([...staged.values()].map(({ source, summary }) => [source.digest, summary.identity]));
  const doneOf = ({ packages }: Change, kind: Operation['kind'], outcomes: readonly string[]) => {
    const done = packages
      .filter(({ outcome }) => outcomes.includes(outcome))
      .map(({ architecture, fileName, digest }) => `${architecture}/${fileName} ${identityOf.get(digest)}`);
    return mine.filter((one) => one.kind === kind && done.includes(`${one.file} ${one.identity}`));
  };
  switch (step.kind) {
    case 'promote':
    case 'take':
    case 'move': {
      const isMove = step.kind === 'move';
      const from = step.kind === 'take' ? inSnapshot(step.snapshot) : at;
      const change = await repositories.promote({ from, to: stable, packages: [step.name] }, caller, { isMove });
      const arrived = doneOf(change, 'push', ['promoted', 'unchanged']);
      return [...arrived, ...doneOf(change, 'delete', ['promoted', 'unchanged'])];
    }
    case 'prune':
      return doneOf(await repositories.prune(at, { keep: 1 }, caller), 'delete', ['deleted', 'unchanged']);
    case 'roll back': {
      const change = await repositories.rollback(at, step.snapshot, caller);
      return [...doneOf(change, 'push', ['restored']), ...doneOf(change, 'delete', ['deleted'])];
    }
    case 'snapshot':
      await repositories.createSnapshot(at, step.snapshot, caller);
      break;
    case 'drop':
      await repositories.removeSnapshot(at, step.snapshot, caller);
      break;
    case 'open':
      told!.answer = await listedInSnapshot(repositories, step.snapshot, key);
      return [];
  }
  told!.answer = 'done';
  return [];
}

function inSnapshot(snapshot: string): typeof at {
  return { ...at, branch: `${at.branch}@${snapshot}` };
}

async function listedInSnapshot(
  repositories: Repositories,
  snapshot: string,
  key: SigningKey,
): Promise<ReadonlyMap<string, string> | string> {
  const listed = new Map<string, string>();
  let isThere = false;
  for (const architecture of architectures) {
    const index = await repositories.openIndex(inSnapshot(snapshot), architecture, caller);
    isThere ||= index !== undefined;
    for (const [file, identity] of index === undefined ? [] : listedIn(index, key)) listed.set(file, identity);
  }
  return isThere ? listed : 'nothing';
}

/** What is wrong with what was told of snapshots, and with moves and prunings, in words. */
export function changeFaultsOf(history: History, last: ReadonlyMap<string, string>): readonly string[] {
  return [
    ...snapshotFaultsOf(history),
    ...takenFaultsOf(history),
    ...moveFaultsOf(history, last),
    ...pruneFaultsOf(history),
  ];
}

const passing = ['STORE_UNAVAILABLE', 'PUBLISH_TIMEOUT', 'ABORTED', 'unanswered', 'DIGEST_MISMATCH', 'BLOB_UNKNOWN'];

/** One that was acknowledged is made once, there, and reads the same for ever, until somebody begins to remove it. */
function snapshotFaultsOf({ snapshots = [] }: History): readonly string[] {
  const removals = snapshots.filter(({ kind }) => kind === 'drop');
  return snapshots
    .filter(({ kind, answer, isUndone }) => kind === 'snapshot' && answer === 'done' && isUndone !== true)
    .flatMap(({ snapshot, ended }) => {
      const isKept = (until: number) => !removals.some((one) => one.snapshot === snapshot && one.began < until);
      const after = snapshots.filter((one) => one.snapshot === snapshot && one.began >= ended && isKept(one.ended));
      const wasRestored = snapshots.some(({ isUndone }) => isUndone === true);
      const twice = after.filter(({ kind, answer }) => kind === 'snapshot' && answer === 'done' && !wasRestored);
      const readings = after.filter(({ kind, answer }) => kind === 'open' && !passing.includes(wordsOf(answer)));
      const told = new Set(readings.map(({ answer }) => wordsOf(answer)));
      return [
        ...(twice.length > 0 ? [`snapshot ${snapshot} was made twice`] : []),
        ...(told.size > 1 ? [`snapshot ${snapshot} was read as ${[...told].join(' and ')}`] : []),
        ...(readings.some(({ answer }) => typeof answer === 'string') ? [`snapshot ${snapshot} is not there`] : []),
      ];
    });
}

/** What was promoted from a snapshot is what the snapshot lists: where there was but one of that name, whoever read it was shown that. */
function takenFaultsOf({ operations, snapshots = [] }: History): readonly string[] {
  const taken = operations.filter(({ step, outcome }) => step === 'take' && outcome === 'done');
  return taken.flatMap(({ file, identity, snapshot, ended }) => {
    const of = snapshots.filter((one) => one.snapshot === snapshot);
    const made = of.filter(({ kind }) => kind === 'snapshot');
    if (!made.some(({ began }) => began < ended)) return [`${file} was taken from ${snapshot}, which nobody made`];
    if (made.length > 1 || of.some(({ isUndone }) => isUndone === true)) return [];
    const readings = of.flatMap(({ kind, answer }) => (kind === 'open' && typeof answer !== 'string' ? [answer] : []));
    const others = readings.filter((listed) => listed.get(file) !== identity);
    return others.length === 0 ? [] : [`${file} was taken from ${snapshot}, which has ${others[0]!.get(file)} of it`];
  });
}

function wordsOf(answer: SnapshotTold['answer']): string {
  return typeof answer === 'string' ? answer : [...answer].map((pair) => pair.join(' ')).join();
}

/** What only moves took from the source is at the target; `last` is what that lists in the end. */
function moveFaultsOf({ operations }: History, last: ReadonlyMap<string, string>): readonly string[] {
  const inMain = operations.filter(({ place }) => place === undefined);
  const acknowledged = inMain.filter(({ kind, outcome }) => kind === 'push' && outcome === 'done');
  return acknowledged.flatMap((push) => {
    const takers = inMain.filter(
      (other) =>
        other.kind === 'delete' &&
        other.file === push.file &&
        (other.identity ?? push.identity) === push.identity &&
        other.outcome !== 'refused' &&
        (other.outcome === 'failed' || other.ended > push.began),
    );
    const isMoved = takers.length > 0 && takers.every(({ step }) => step === 'move');
    const isLost = isMoved && last.get(`main ${push.file}`) !== push.identity && last.get(push.file) !== push.identity;
    return isLost ? [`${push.file}, acknowledged at ${push.ended}, was lost by a move`] : [];
  });
}

/** A pruning takes an older version alone where there is a newer one. */
function pruneFaultsOf(history: History): readonly string[] {
  const newer = simulatedFiles[newerA]!;
  const newest = `${newer.architecture}/${fileNameOf(newer)}`;
  const main = history.operations.filter(({ place }) => place === undefined);
  return history.operations
    .filter(({ step, outcome }) => step === 'prune' && outcome === 'done')
    .flatMap(({ file, began, ended }) => {
      const identities = main.filter((push) => push.kind === 'push' && push.file === newest).map((one) => one.identity);
      const during = { architecture: newer.architecture, began, ended, index: undefined };
      const operations = { ...history, operations: main };
      const isThere = identities.some((one) => one !== undefined && mayBeThere(operations, newest, one, during));
      return isThere ? [] : [`${file} was pruned at ${ended}, and no newer one was there`];
    });
}

/**
 * In the end a snapshot can be rolled back to, as long as its bytes were not taken away: then the repository lists what it does.
 * The record of one that nobody was told of may land late, when nothing keeps those any more.
 */
export async function rollbackFaultsOf(
  world: World,
  newcomer: Repositories,
  key: SigningKey,
  { snapshots, wasPutBack }: { readonly snapshots: readonly SnapshotTold[]; readonly wasPutBack: boolean },
): Promise<readonly string[]> {
  const faults: string[] = [];
  const isTold = (name: string) =>
    snapshots.some(({ kind, snapshot, answer }) => kind === 'snapshot' && snapshot === name && answer === 'done');
  for (const { name } of await world.until(newcomer.listSnapshots(at, caller).catch(noneWhere('REPOSITORY_UNKNOWN')))) {
    const mayLackBytes = wasPutBack || !isTold(name);
    const wanted = await world.until(listedInSnapshot(newcomer, name, key).catch(codeOf));
    const code = await world.until(newcomer.rollback(at, name, caller).then(() => undefined, codeOf));
    if (mayLackBytes && ['PACKAGE_UNKNOWN', 'DIGEST_MISMATCH'].includes(code ?? '')) continue;
    if (code !== undefined) {
      faults.push(`${name}, which is ${wordsOf(wanted)}, can't be rolled back to: ${code}`);
      continue;
    }
    const listed = new Map<string, string>();
    for (const architecture of architectures) {
      const index = await world.until(newcomer.openIndex(at, architecture, caller));
      for (const [file, identity] of index === undefined ? [] : listedIn(index, key)) listed.set(file, identity);
    }
    const [shown, meant] = [listed, typeof wanted === 'string' ? wanted : new Map(wanted)].map((one) =>
      typeof one === 'string'
        ? one
        : [...one]
            .map((pair) => pair.join(' '))
            .sort()
            .join(),
    );
    if (shown !== meant) faults.push(`rolled back to ${name}, which is ${meant}: ${shown}`);
  }
  return faults;
}

function codeOf(error: unknown): string {
  if (isGatewayError(error)) return error.code;
  throw error;
}

/** Where there is nothing there is an empty answer. */
export function noneWhere(code: 'REPOSITORY_UNKNOWN'): (error: unknown) => readonly never[] {
  return (error) => {
    if (isGatewayError(error, code)) return [];
    throw error;
  };
}
