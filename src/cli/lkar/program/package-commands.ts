import type { Command } from 'commander';
import { addExamples } from '../../shared/help.ts';
import type { ListOptions } from '../commands/list.ts';
import type { PullOptions } from '../commands/pull.ts';
import type { SetupOptions } from '../commands/setup.ts';
import type { InSession } from './in-session.ts';
import { addLifecycleCommands } from './lifecycle-commands.ts';
import { addLogCommand } from './log-command.ts';
import { addPromoteCommand } from './promote-command.ts';
import { addPruneCommand } from './prune-command.ts';
import { addSnapshotCommands } from './snapshot-commands.ts';
import { outputOption, targetHelp } from './options.ts';
import { addPushCommand } from './push-command.ts';

const filePathHelp = 'BRANCH/REPOSITORY/ARCH/FILE.apk as ls shows it';

/** Adds the commands on packages; `lkar apk` has them too. */
export function addPackageCommands(parent: Command, inSession: InSession): void {
  addPushCommand(parent, inSession);
  addListCommand(parent, inSession);
  addLifecycleCommands(parent, inSession);
  addPromoteCommand(parent, inSession);
  addLogCommand(parent, inSession);
  addPruneCommand(parent, inSession);
  addSnapshotCommands(parent, inSession);
  addPullCommand(parent, inSession);
  addSetupCommand(parent, inSession);
}

interface LsOptions extends ListOptions {
  readonly withdrawn?: boolean | undefined;
}

function addListCommand(parent: Command, inSession: InSession): void {
  const list = parent
    .command('ls')
    .alias('list')
    .description('list packages')
    .argument('<registry>', targetHelp)
    .argument('[branch]', 'only of this branch')
    .argument('[repository]', 'only of this repository')
    .option('-n, --name <pattern>', "only packages of this name; * stands for any text: 'lib*'")
    .option('-a, --arch <architecture>', 'only of this architecture')
    .option('--withdrawn', 'those that were withdrawn instead, with who did it, when and why')
    .addOption(outputOption())
    .action((target: string, branch: string | undefined, repository: string | undefined, options: LsOptions) =>
      inSession(async (session) => {
        const within = { target, branch, repository };
        if (options.withdrawn === true) {
          await (await import('../changes/list-withdrawn.ts')).listWithdrawn(session, within, options);
        } else await (await import('../commands/list.ts')).listPackages(session, within, options);
      }),
    );
  addExamples(list, [
    'lkar ls apk.example.org/team/app',
    "lkar ls apk.example.org/team/app edge main --name 'lib*' -o json",
  ]);
}

function addPullCommand(parent: Command, inSession: InSession): void {
  const pull = parent
    .command('pull')
    .description('fetch a package')
    .argument('<registry>', targetHelp)
    .argument('<filepath>', filePathHelp)
    .option('-o, --output <file>', 'where to (default: its own name here; - is standard output)')
    .action((target: string, filePath: string, options: PullOptions) =>
      inSession(async (session) => (await import('../commands/pull.ts')).pull(session, target, filePath, options)),
    );
  addExamples(pull, ['lkar pull apk.example.org/team/app edge/main/x86_64/hello-1.0-r0.apk']);
}

function addSetupCommand(parent: Command, inSession: InSession): void {
  const setup = parent
    .command('setup')
    .description('let apk on this system install from a repository')
    .argument('<registry>', targetHelp)
    .argument('<branch>', 'such as edge or v3.22')
    .argument('<repository>', 'such as main')
    .option('--force', 'replace keys that differ')
    .option('--root <folder>', 'set up the system under this folder instead')
    .option('--index <format>', 'v2 or v3, the index that apk is to read (default: as suits the apk there)')
    .action((target: string, branch: string, repository: string, options: SetupOptions) =>
      inSession(async (session) => {
        const place = { target, branch, repository };
        await (await import('../commands/setup.ts')).setUp(session, place, options);
      }),
    );
  addExamples(setup, [
    'lkar setup apk.example.org/team/app edge main',
    'lkar setup apk.example.org/team/app edge main --root ./rootfs',
  ]);
}
