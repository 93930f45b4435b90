import type { Command } from 'commander';
import { addExamples } from '../../shared/help.ts';
import type { PromoteOptions } from '../changes/promote.ts';
import type { InSession } from './in-session.ts';
import { outputOption } from './options.ts';
import { dryRunOption, reasonOption } from './lifecycle-commands.ts';

/** Adds `promote`; `lkar apk` has it too. */
export function addPromoteCommand(parent: Command, inSession: InSession): void {
  const promote = parent
    .command('promote')
    .description('list packages of one repository in another of the same registry too: all or none, no bytes are moved')
    .argument('<from>', 'REGISTRY/IMAGE/BRANCH/REPOSITORY; BRANCH@NAME is a snapshot')
    .argument('<to>', 'the same, or BRANCH/REPOSITORY of the same image')
    .argument('<package...>', 'NAME, the newest in each architecture, or NAME=VERSION; * in NAME stands for any text')
    .option('--with-dependencies', 'and what they need, as far as FROM has it and TO does not')
    .option('--move', 'delete them in FROM afterwards')
    .addOption(reasonOption())
    .addOption(dryRunOption('promoted'))
    .addOption(outputOption())
    .action((from: string, to: string, packages: string[], options: PromoteOptions) =>
      inSession(async (session) =>
        (await import('../changes/promote.ts')).promote(session, from, to, packages, options),
      ),
    );
  addExamples(promote, [
    'lkar promote apk.example.org/team/app/edge/main stable/main hello',
    'lkar promote apk.example.org/team/app/edge/main apk.example.org/team/released/v1/main hello=1.0-r0 --with-dependencies',
    'lkar promote apk.example.org/team/app/edge@release-1/main stable/main hello',
  ]);
}
