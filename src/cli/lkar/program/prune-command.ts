import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseAgeOption } from '../../shared/duration-option.ts';
import { addExamples } from '../../shared/help.ts';
import type { PruneOptions } from '../changes/prune.ts';
import type { InSession } from './in-session.ts';
import { onlySayOption, reasonOption } from './lifecycle-commands.ts';
import { outputOption, patterns, targetHelp } from './options.ts';

/** Adds `prune`; `lkar apk` has it too. */
export function addPruneCommand(parent: Command, inSession: InSession): void {
  const prune = parent
    .command('prune')
    .description('delete old versions: says what would go and why, and with --yes does it')
    .argument('<registry>', targetHelp)
    .argument('[branch]', 'such as edge')
    .argument('[repository]', 'such as main')
    .option('--keep <number>', 'let so many of the newest versions of each name stay, in each architecture', parseCount)
    .option('--older-than <duration>', 'let only go what was pushed so long ago, such as 30d', parseAgeOption)
    .option('-n, --name <pattern>', 'only packages of that name, or of several; * stands for any text', patterns)
    .option('--except <pattern>', 'but not those', patterns)
    .addOption(policyOption())
    .option('--yes', 'delete, rather than only say what would go')
    .addOption(onlySayOption('go'))
    .addOption(reasonOption())
    .addOption(outputOption())
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

/** The rules say the rest themselves. */
function policyOption(): Option {
  return new Option('--policy <file>', 'rules for several repositories, YAML').conflicts([
    ...['keep', 'olderThan', 'name', 'except'],
  ]);
}
