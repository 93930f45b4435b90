import * as fc from 'fast-check';
import { isGatewayError } from '../../../src/errors.ts';
import type { StagedPackage } from '../../../src/repository/service/publishing.ts';
import type { Repositories } from '../../../src/repository/service/repositories.ts';
import type { History, Operation } from './history.ts';
import { contents, fileNameOf, simulatedFiles, stagedKey } from './packages.ts';
import { at, caller } from './scenario.ts';
import type { Replica, World } from './world.ts';

/** What may be done to a package that is there, or was. */
export type LifecycleStep =
  | { readonly kind: 'withdraw'; readonly file: number }
  | { readonly kind: 'bring back'; readonly file: number }
  | { readonly kind: 'withdraw now' | 'delete now'; readonly file: number };

/** Withdrawals, restorings and deletions that leave no bytes, mostly of one name. */
export const lifecycleArbitrary: fc.Arbitrary<LifecycleStep> = fc.record({
  kind: fc.constantFrom('withdraw', 'withdraw', 'withdraw now', 'bring back', 'bring back', 'delete now'),
  file: fc.constantFrom(0, 0, 1, 2, 3),
});

export function isLifecycle(step: { readonly kind: string }): step is LifecycleStep {
  return ['withdraw', 'withdraw now', 'bring back', 'delete now'].includes(step.kind);
}

/**
 * What a step is for those who judge: a withdrawal takes a file out of the index as a deletion does; a restoring brings one of
 * its contents back as a push does, and only its answer tells which.
 */
export function operationsOf(
  step: LifecycleStep,
  replica: Replica,
  began: number,
  staged: ReadonlyMap<string, StagedPackage>,
): readonly Operation[] {
  const file = simulatedFiles[step.file]!;
  const told = {
    ...{ replica: replica.id, file: `${file.architecture}/${fileNameOf(file)}`, began },
    ...{ ended: Infinity, outcome: 'unanswered' as const, step: step.kind },
  };
  if (step.kind !== 'bring back') return [{ ...told, kind: 'delete', identity: undefined }];
  return contents.map((content) => {
    const identity = staged.get(stagedKey(file, content))!.summary.identity;
    return { ...told, kind: 'push', identity };
  });
}

/** Does a step; which of its operations it answers with `done`, the others being refused. */
export async function doStep(
  step: LifecycleStep,
  repositories: Repositories,
  mine: readonly Operation[],
  staged: ReadonlyMap<string, StagedPackage>,
): Promise<readonly Operation[]> {
  const [{ file } = { file: '' }] = mine;
  const selection = { files: [file] };
  if (step.kind === 'delete now') {
    await repositories.deleteFiles(at, selection, caller, { isNow: true });
    return mine;
  }
  const isNow = step.kind === 'withdraw now';
  const change =
    step.kind === 'bring back'
      ? await repositories.restoreFiles(at, selection, caller)
      : await repositories.withdrawFiles(at, selection, caller, { isNow });
  if (step.kind !== 'bring back') return change.packages.some(({ outcome }) => outcome !== 'deleted') ? mine : [];
  const digests = change.packages.map(({ digest }) => digest);
  const identities = [...staged.values()]
    .filter(({ source }) => digests.includes(source.digest))
    .map(({ summary }) => summary.identity);
  return mine.filter(({ identity }) => identities.includes(identity ?? ''));
}

/**
 * What is wrong in the end with what was withdrawn, or deleted so that nothing of it may be fetched, and not touched since: the
 * one is told and comes back, the other can't be fetched.
 */
export async function lifecycleFaultsOf(
  world: World,
  everybody: readonly [Repositories, ...Repositories[]],
  { operations }: History,
): Promise<readonly string[]> {
  const faults: string[] = [];
  const [newcomer] = everybody;
  const here = operations.filter(({ place }) => place === undefined);
  const last = here.filter((one) => one.outcome === 'done' && isUndisturbed(here, one));
  const { packages: withdrawn } = await world.until(newcomer.listWithdrawn(at, caller));
  for (const { step, file, ended } of here.filter((one) => isOverNow(here, one))) {
    const [architecture = '', fileName = ''] = file.split('/');
    for (const repositories of everybody) {
      const found = await world.until(repositories.findPackage(at, architecture, fileName, caller));
      if (found !== undefined) faults.push(`${file}, gone at once at ${ended} (${step}), can be fetched`);
    }
  }
  for (const { step, file, ended } of last) {
    const isTold = withdrawn.some((one) => `${one.architecture}/${one.fileName}` === file);
    if (step === 'withdraw' || step === 'withdraw now') {
      if (!isTold) faults.push(`${file}, withdrawn at ${ended}, is told by nobody`);
      const change = await world.until(newcomer.restoreFiles(at, { files: [file] }, caller).catch(codeOf));
      if (typeof change === 'string') faults.push(`${file}, withdrawn at ${ended}, does not come back: ${change}`);
    } else if (step === 'delete now') {
      if (isTold) faults.push(`${file}, deleted at ${ended}, is told as withdrawn`);
    }
  }
  return faults;
}

/** Whether somebody was told that nobody fetches a file any more, and nothing has brought it back since: others may take it away too. */
function isOverNow(operations: readonly Operation[], one: Operation): boolean {
  const name = one.file.slice(one.file.indexOf('/'));
  const isOver = (other: Operation) => other.ended < one.began && ['done', 'refused'].includes(other.outcome);
  const isHarmless = (other: Operation) =>
    other.kind === 'delete' || (other.file === one.file ? isOver(other) : !other.file.endsWith(name));
  const isNow = one.step === 'delete now' || one.step === 'withdraw now';
  return isNow && one.outcome === 'done' && operations.every((other) => other.isUndone !== true && isHarmless(other));
}

/** Whether nothing else happened to a name since this began: what failed may land at any time. */
function isUndisturbed(operations: readonly Operation[], one: Operation): boolean {
  const name = one.file.slice(one.file.indexOf('/'));
  return operations.every((other) =>
    other.step === one.step && other.began === one.began
      ? true
      : !other.file.endsWith(name) ||
        (other.ended < one.began && ['done', 'refused'].includes(other.outcome) && other.isUndone !== true),
  );
}

function codeOf(error: unknown): string {
  if (isGatewayError(error)) return error.code;
  throw error;
}
