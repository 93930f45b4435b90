import { InvalidArgumentError, type Command } from 'commander';
import { parseDuration } from '../../../config/duration.ts';
import { addExamples } from '../../shared/help.ts';
import type { PruneOptions } from '../changes/prune.ts';
import type { InSession } from './in-session.ts';
import { reasonOption } from './lifecycle-commands.ts';
import { targetHelp } from './options.ts';

/** Adds `prune`; `lkar apk` has it too. */
export function addPruneCommand(parent: Command, inSession: InSession): void {
  const prune = parent
    .command('prune')
    .description('delete old versions: says what would go and why, and with --yes does it')
    .argument('<registry>', targetHelp)
    .argument('[branch]', 'such as edge')
    .argument('[repository]', 'such as main')
    .option('--keep <number>', 'let so many of the newest versions of each name stay, in each architecture', parseCount)
    .option('--older-than <duration>', 'let only go what was pushed so long ago, such as 30d', parseAge)
    .option('-n, --name <pattern...>', 'only packages of that name; * stands for any text')
    .option('--except <pattern...>', 'but not those')
    .option('--policy <file>', 'rules for several repositories, YAML')
    .option('--yes', 'delete, rather than only say what would go')
    .addOption(reasonOption())
    .action((target: string, branch: string | undefined, repository: string | undefined, options: PruneOptions) =>
      inSession(async (session) =>
        (await import('../changes/prune.ts')).prune(session, target, branch, repository, options),
      ),
    );
  addExamples(prune, [
    'lkar prune apk.example.org/team/app edge main --keep 5 --older-than 30d',
    "lkar prune apk.example.org/team/app edge main --keep 3 --name 'nightly-*' --yes",
    'lkar prune apk.example.org --policy retention.yaml --yes',
  ]);
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a number from 1 on is wanted');
}

function parseAge(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('a duration such as 30d or 12h is wanted');
}
