import { join } from 'node:path';
import tab from '@bomb.sh/tab/commander';
import { Command, InvalidArgumentError, Option } from 'commander';
import { durationValue } from '../../config/values.ts';
import { homeFolder } from '../../files/home-folder.ts';
import { listImages, listPackages, listRepositories } from './commands/list.ts';
import { logIn, logOut, type LoginOptions } from './commands/login.ts';
import { pull, remove } from './commands/files.ts';
import { push, type PushOptions } from './commands/push.ts';
import { setUp, type SetupOptions } from './commands/setup.ts';
import { exitCodeHelp } from '../shared/exit-code.ts';
import { outputFormats, type OutputFormat } from '../shared/output.ts';
import { tame } from '../shared/run-program.ts';
import { defaultTries } from './http/retrying-client.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';
import type { Terminal } from '../shared/terminal.ts';
import { readVersion } from '../shared/version.ts';

const targetHelp =
  'gateway and image, such as apk.example.org/team/app; the image is left out where it serves only one';

/** `lkar`: pushes, lists, fetches and removes packages at a gateway, and sets systems up to use them. */
export function createLkarProgram(terminal: Terminal): Command {
  const program = tame(new Command('lkar'), terminal)
    .description('Packages at an APK gateway: push, list, pull, remove, set up.')
    .version(readVersion(), '-v, --version', 'print the version')
    .option('-H, --plain-http', 'speak plain HTTP (always so to this machine, unless https:// is said)')
    .option('-k, --insecure', "don't check certificates")
    .option('--ca-file <file>', 'certificate authorities to check against, PEM')
    .option('-d, --debug', 'say what is sent and why something failed')
    .addOption(
      new Option('--tries <number>', 'how often a request is sent where nobody answers, or says "later"')
        .argParser(parseTries)
        .default(defaultTries),
    )
    .addOption(
      new Option('--docker-config <folder>', 'where logins are kept: the folder of config.json')
        .env('DOCKER_CONFIG')
        .default(join(homeFolder() ?? '/', '.docker'), '~/.docker'),
    )
    .showHelpAfterError('(lkar --help tells more)')
    .addHelpText('after', exitCodeHelp);

  const inSession = async (use: (session: Session) => Promise<void>): Promise<void> => {
    const session = openSession(terminal, program.opts<SessionOptions>());
    await use(session).finally(() => session.close());
  };
  addLoginCommands(program, inSession);
  addPackageCommands(program.command('apk').description('the same commands, as other tools spell them'), inSession);
  addPackageCommands(program, inSession);
  addListingCommands(program, inSession);
  tab(program, { completionCommandName: 'completion' });
  return program;
}

type InSession = (use: (session: Session) => Promise<void>) => Promise<void>;

function addLoginCommands(program: Command, inSession: InSession): void {
  program
    .command('login')
    .description('keep a login for a gateway, once it is found good')
    .argument('<registry>', targetHelp)
    .option('-u, --user <name>', 'user; asked for on a terminal')
    .option('-p, --pass <password>', 'password; better asked for, or piped in')
    .option('--password-stdin', 'read the password from standard input')
    .action((target: string, options: LoginOptions) => inSession((session) => logIn(session, target, options)));
  program
    .command('logout')
    .description('forget a login')
    .argument('<registry>', targetHelp)
    .action((target: string) => inSession((session) => logOut(session, target)));
}

function addPackageCommands(parent: Command, inSession: InSession): void {
  addPushCommand(parent, inSession);
  parent
    .command('ls')
    .alias('list')
    .description('list packages')
    .argument('<registry>', targetHelp)
    .argument('[branch]', 'only of this branch')
    .argument('[repository]', 'only of this repository')
    .addOption(outputOption())
    .action((target: string, branch: string | undefined, repository: string | undefined, options: ListOptions) =>
      inSession((session) => listPackages(session, { target, branch, repository }, options)),
    );
  parent
    .command('rm')
    .aliases(['delete', 'remove'])
    .description('remove packages')
    .argument('<registry>', targetHelp)
    .argument('<filepath...>', 'BRANCH/REPOSITORY/ARCH/FILE.apk as ls shows it; without ARCH in every one that has it')
    .action((target: string, filePaths: string[]) => inSession((session) => remove(session, target, filePaths)));
  parent
    .command('pull')
    .description('fetch a package')
    .argument('<registry>', targetHelp)
    .argument('<filepath>', 'BRANCH/REPOSITORY/ARCH/FILE.apk as ls shows it')
    .option('-o, --output <file>', 'where to (default: its own name here; - is standard output)')
    .action((target: string, filePath: string, options: { output?: string }) =>
      inSession((session) => pull(session, target, filePath, options)),
    );
  addSetupCommand(parent, inSession);
}

function addPushCommand(parent: Command, inSession: InSession): void {
  parent
    .command('push')
    .aliases(['put', 'create', 'upload'])
    .description('push packages: all of them appear at once, or none')
    .argument('<registry>', targetHelp)
    .argument('<branch>', 'such as edge or v3.22')
    .argument('<repository>', 'such as main')
    .argument('<path...>', '.apk files')
    .option('--wait <registry>', 'end only once this gateway serves them')
    .addOption(
      new Option('--wait-timeout <duration>', 'how long that may take').argParser(parseDuration).default(60_000, '60s'),
    )
    .action((target: string, branch: string, repository: string, paths: string[], options: PushOptions) =>
      inSession((session) => push(session, { target, branch, repository }, paths, options)),
    );
}

function addSetupCommand(parent: Command, inSession: InSession): void {
  parent
    .command('setup')
    .description('let apk on this system install from a repository')
    .argument('<registry>', targetHelp)
    .argument('<branch>', 'such as edge or v3.22')
    .argument('<repository>', 'such as main')
    .option('--force', 'replace keys that differ')
    .option('--root <folder>', 'set up the system under this folder instead')
    .action((target: string, branch: string, repository: string, options: SetupOptions) =>
      inSession((session) => setUp(session, { target, branch, repository }, options)),
    );
}

function addListingCommands(program: Command, inSession: InSession): void {
  program
    .command('images')
    .description('list the images that hold packages, as far as the registry lists them to this login')
    .argument('<registry>', 'gateway, such as apk.example.org')
    .addOption(outputOption())
    .action((target: string, options: ListOptions) => inSession((session) => listImages(session, target, options)));
  program
    .command('repositories')
    .description('list the repositories of an image')
    .argument('<registry>', targetHelp)
    .addOption(outputOption())
    .action((target: string, options: ListOptions) =>
      inSession((session) => listRepositories(session, target, options)),
    );
}

interface ListOptions {
  readonly output: OutputFormat;
}

function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to print it').choices(outputFormats).default('table');
}

function parseTries(text: string): number {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a number from 1 to 99 is wanted');
}

function parseDuration(text: string): number {
  const parsed = durationValue.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(parsed.error.issues[0]?.message ?? '');
}
