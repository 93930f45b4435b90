import type { Command } from 'commander';
import { addExamples } from '../../shared/help.ts';
import type { RollbackOptions } from '../snapshots/rollback.ts';
import type { InSession } from './in-session.ts';
import { onlySayOption, reasonOption } from './lifecycle-commands.ts';
import { outputOption, targetHelp, type OutputOptions } from './options.ts';

const branchHelp = 'such as edge';
const repositoryHelp = 'such as main';
const snapshotHelp = "the snapshot's name";
const eitherHelp = 'a branch, or a snapshot as BRANCH@NAME';

/** Adds the commands on repositories as they were; `lkar apk` has them too. */
export function addSnapshotCommands(parent: Command, inSession: InSession): void {
  const snapshot = parent.command('snapshot').description('keep a repository as it is now, under a name');
  addCreateCommand(snapshot, inSession);
  addListCommand(snapshot, inSession);
  addEndCommand(snapshot, inSession);
  addExamples(snapshot, [
    'lkar snapshot create apk.example.org/team/app edge main 2026-11-28',
    'lkar ls apk.example.org/team/app edge@2026-11-28 main',
  ]);
  addDiffCommand(parent, inSession);
  addRollbackCommand(parent, inSession);
}

function addListCommand(snapshot: Command, inSession: InSession): void {
  const list = snapshot
    .command('list')
    .alias('ls')
    .description('list the snapshots of a repository, the newest first')
    .argument('<registry>', targetHelp)
    .argument('<branch>', branchHelp)
    .argument('<repository>', repositoryHelp)
    .addOption(outputOption())
    .action((target: string, branch: string, repository: string, options: OutputOptions) =>
      inSession(async (session) =>
        (await import('../snapshots/snapshots.ts')).listSnapshots(session, { target, branch, repository }, options),
      ),
    );
  addExamples(list, ['lkar snapshot list apk.example.org/team/app edge main']);
}

function addEndCommand(snapshot: Command, inSession: InSession): void {
  const end = snapshot
    .command('rm')
    .aliases(['delete', 'remove'])
    .description('end a snapshot, and set free what nothing else holds')
    .argument('<registry>', targetHelp)
    .argument('<branch>', branchHelp)
    .argument('<repository>', repositoryHelp)
    .argument('<name>', snapshotHelp)
    .addOption(outputOption())
    .action((target: string, branch: string, repository: string, name: string, options: OutputOptions) =>
      inSession(async (session) =>
        (await import('../snapshots/snapshots.ts')).removeSnapshot(
          session,
          { target, branch, repository },
          name,
          options,
        ),
      ),
    );
  addExamples(end, ['lkar snapshot rm apk.example.org/team/app edge main 2026-11-28']);
}

function addCreateCommand(snapshot: Command, inSession: InSession): void {
  const create = snapshot
    .command('create')
    .description('keep what the repository lists now: read it with BRANCH@NAME in the place of BRANCH')
    .argument('<registry>', targetHelp)
    .argument('<branch>', branchHelp)
    .argument('<repository>', repositoryHelp)
    .argument('<name>', snapshotHelp)
    .addOption(outputOption())
    .action((target: string, branch: string, repository: string, name: string, options: OutputOptions) =>
      inSession(async (session) =>
        (await import('../snapshots/snapshots.ts')).createSnapshot(
          session,
          { target, branch, repository },
          name,
          options,
        ),
      ),
    );
  addExamples(create, ['lkar snapshot create apk.example.org/team/app edge main 2026-11-28']);
}

function addDiffCommand(parent: Command, inSession: InSession): void {
  const diff = parent
    .command('diff')
    .description('say how a repository differs between two branches or snapshots')
    .argument('<registry>', targetHelp)
    .argument('<from>', eitherHelp)
    .argument('<repository>', repositoryHelp)
    .argument('<to>', eitherHelp)
    .addOption(outputOption())
    .action((target: string, from: string, repository: string, to: string, options: OutputOptions) =>
      inSession(async (session) =>
        (await import('../snapshots/diff.ts')).diff(session, { target, from, repository, to }, options),
      ),
    );
  addExamples(diff, [
    'lkar diff apk.example.org/team/app edge@2026-11-28 main edge',
    'lkar diff apk.example.org/team/app edge@monday main edge@friday -o json',
  ]);
}

function addRollbackCommand(parent: Command, inSession: InSession): void {
  const rollback = parent
    .command('rollback')
    .description('make a repository what a snapshot of it says: says what would come and go, and with --yes does it')
    .argument('<registry>', targetHelp)
    .argument('<branch>', branchHelp)
    .argument('<repository>', repositoryHelp)
    .argument('<name>', snapshotHelp)
    .option('--yes', 'do it, rather than only say what would come and go')
    .addOption(onlySayOption('come and go'))
    .addOption(reasonOption())
    .addOption(outputOption())
    .action((target: string, branch: string, repository: string, name: string, options: RollbackOptions) =>
      inSession(async (session) =>
        (await import('../snapshots/rollback.ts')).rollback(session, { target, branch, repository }, name, options),
      ),
    );
  addExamples(rollback, [
    'lkar rollback apk.example.org/team/app edge main 2026-11-28',
    "lkar rollback apk.example.org/team/app edge main 2026-11-28 --yes --reason 'edge is broken'",
  ]);
}
