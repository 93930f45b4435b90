import { Option, type Command } from 'commander';
import { addExamples } from '../../shared/help.ts';
import type { RemoveOptions } from '../changes/remove.ts';
import type { InSession } from './in-session.ts';
import { fromFileOption, targetHelp } from './options.ts';

/** Adds the commands on packages that are there, or were; `lkar apk` has them too. */
export function addLifecycleCommands(parent: Command, inSession: InSession): void {
  addRemoveCommand(parent, inSession);
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
    .addOption(dryRunOption('removed'))
    .action((target: string, filePaths: string[], options: RemoveOptions) =>
      inSession(async (session) => (await import('../changes/remove.ts')).remove(session, target, filePaths, options)),
    );
  addExamples(remove, [
    'lkar rm apk.example.org/team/app edge/main/x86_64/hello-1.0-r0.apk',
    "lkar rm apk.example.org/team/app 'edge/main/hello-1.*.apk' --dry-run",
  ]);
}

/** `--reason`, which is kept with what was changed. */
export function reasonOption(): Option {
  return new Option('--reason <text>', 'why, for those who look it up later');
}

/** `--dry-run`, of a change that would have packages so. */
export function dryRunOption(done: string): Option {
  return new Option('--dry-run', `only say what would be ${done}`);
}
