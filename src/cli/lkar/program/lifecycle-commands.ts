import { Option, type Command } from 'commander';
import { addExamples } from '../../shared/help.ts';
import type { ChangeVerb } from '../../../protocol/lifecycle.ts';
import type { ChangeOptions } from '../changes/change-packages.ts';
import type { RemoveOptions } from '../changes/remove.ts';
import type { InSession } from './in-session.ts';
import { fromFileOption, outputOption, patterns, targetHelp } from './options.ts';

/** Adds the commands on packages that are there, or were; `lkar apk` has them too. */
export function addLifecycleCommands(parent: Command, inSession: InSession): void {
  addRemoveCommand(parent, inSession);
  addWithdrawCommand(parent, inSession);
  addRestoreCommand(parent, inSession);
}

function addRemoveCommand(parent: Command, inSession: InSession): void {
  const filePathHelp = 'BRANCH/REPOSITORY/ARCH/FILE.apk as ls shows it; without ARCH in every one that has it';
  const remove = parent
    .command('rm')
    .aliases(['delete', 'remove'])
    .description('remove packages: all of one repository go at once')
    .argument('<registry>', targetHelp)
    .argument('[filepath...]', `${filePathHelp}; * in FILE stands for any text`)
    .addOption(fromFileOption('take paths'))
    .addOption(reasonOption())
    .addOption(nowOption())
    .addOption(dryRunOption('removed'))
    .addOption(outputOption())
    .action((target: string, filePaths: string[], options: RemoveOptions) =>
      inSession(async (session) => (await import('../changes/remove.ts')).remove(session, target, filePaths, options)),
    );
  addExamples(remove, [
    'lkar rm apk.example.org/team/app edge/main/x86_64/hello-1.0-r0.apk',
    "lkar rm apk.example.org/team/app 'edge/main/hello-1.*.apk' --dry-run",
  ]);
}

function addWithdrawCommand(parent: Command, inSession: InSession): void {
  const withdraw = placed(parent.command('withdraw'))
    .description('take packages out of the index until they are restored, all at once')
    .addOption(reasonOption())
    .addOption(nowOption())
    .addOption(dryRunOption('withdrawn'))
    .addOption(outputOption())
    .action(changing('withdraw', inSession));
  addExamples(withdraw, [
    "lkar withdraw apk.example.org/team/app edge main x86_64/hello-1.0-r0.apk --reason 'breaks booting'",
    "lkar withdraw apk.example.org/team/app edge main --name 'hello*' --dry-run",
  ]);
}

function addRestoreCommand(parent: Command, inSession: InSession): void {
  const restore = placed(parent.command('restore'))
    .description('list withdrawn packages again, byte for byte, all or none')
    .addOption(dryRunOption('restored'))
    .addOption(outputOption())
    .action(changing('restore', inSession));
  addExamples(restore, ['lkar restore apk.example.org/team/app edge main x86_64/hello-1.0-r0.apk']);
}

const nameHelp = "every version of packages of this name, or of several; * stands for any text: 'lib*'";

/** A command on packages of one repository, by their files and names. */
function placed(command: Command): Command {
  return command
    .argument('<registry>', targetHelp)
    .argument('<branch>', 'such as edge or v3.22')
    .argument('<repository>', 'such as main')
    .argument('[file...]', 'ARCH/FILE.apk; without ARCH in every one that has it; * stands for any text')
    .addOption(fromFileOption('take files'))
    .option('-n, --name <pattern>', nameHelp, patterns);
}

function changing(verb: ChangeVerb, inSession: InSession) {
  return (target: string, branch: string, repository: string, files: string[], options: ChangeOptions) =>
    inSession(async (session) => {
      const place = { target, branch, repository };
      await (await import('../changes/change-packages.ts')).changePackages(session, verb, place, files, options);
    });
}

/** `--now`, for what must not be out there any longer. */
function nowOption(): Option {
  return new Option('--now', 'let nobody fetch the bytes from now on');
}

/** `--reason`, which is kept with what was changed. */
export function reasonOption(): Option {
  return new Option('--reason <text>', 'why, for those who look it up later');
}

/** `--dry-run`, of a change that would have packages so. */
export function dryRunOption(done: string): Option {
  return new Option('--dry-run', `only say what would be ${done}`);
}

/** `--dry-run` of what is one without `--yes`: so that nobody has to know which verbs are. */
export function onlySayOption(does: string): Option {
  return new Option('--dry-run', `only say what would ${does}, as without --yes`).conflicts('yes');
}
