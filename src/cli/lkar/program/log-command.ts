import type { Command } from 'commander';
import { addExamples } from '../../shared/help.ts';
import type { LogOptions } from '../changes/log.ts';
import type { InSession } from './in-session.ts';
import { outputOption, targetHelp } from './options.ts';

/** Adds `log`; `lkar apk` has it too. */
export function addLogCommand(parent: Command, inSession: InSession): void {
  const log = parent
    .command('log')
    .description('show what was published, promoted, withdrawn, restored and deleted, by whom and when')
    .argument('<registry>', targetHelp)
    .argument('<branch>', 'such as edge')
    .argument('<repository>', 'such as main')
    .option('--limit <number>', 'so many of the latest events (default: 100)')
    .addOption(outputOption())
    .action((target: string, branch: string, repository: string, options: LogOptions) =>
      inSession(async (session) =>
        (await import('../changes/log.ts')).showLog(session, { target, branch, repository }, options),
      ),
    );
  addExamples(log, [
    'lkar log apk.example.org/team/app edge main',
    'lkar log apk.example.org/team/app edge main -o json',
  ]);
}
