import { Command, Option } from 'commander';
import { addCompletion } from '../shared/completion.ts';
import { exitCodeHelp } from '../shared/exit-code.ts';
import { addExamples, showUsageAfterErrors } from '../shared/help.ts';
import type { Interrupts } from '../shared/interrupts.ts';
import { tame } from '../shared/run-program.ts';
import type { Terminal } from '../shared/terminal.ts';
import { readVersion } from '../shared/version.ts';
import { defaultLoginFolder, sessionsOf } from './program/in-session.ts';
import { addListingCommands } from './program/listing-commands.ts';
import { addLoginCommands } from './program/login-commands.ts';
import { parseTries } from './program/options.ts';
import { addPackageCommands } from './program/package-commands.ts';

/**
 * `lkar`: pushes, lists, fetches and removes packages at a gateway, and sets systems up to use them. What a command needs is
 * loaded when it runs.
 */
export function createLkarProgram(terminal: Terminal & Partial<Interrupts>): Command {
  const program = createProgram(terminal);
  addCompletion(program, terminal, () => createProgram(terminal));
  showUsageAfterErrors(program);
  return program;
}

function createProgram(terminal: Terminal & Partial<Interrupts>): Command {
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
        .default(6),
    )
    .addOption(
      new Option('--docker-config <folder>', 'where logins are kept: the folder of config.json')
        .env('DOCKER_CONFIG')
        .default(defaultLoginFolder(), '~/.docker'),
    );
  addExamples(program, [
    'lkar push apk.example.org/team/app edge main hello-1.0-r0.apk',
    'lkar ls apk.example.org/team/app',
    'lkar setup apk.example.org/team/app edge main',
  ]);
  program.addHelpText('after', exitCodeHelp);
  const inSession = sessionsOf(program, terminal);
  addLoginCommands(program, inSession);
  addPackageCommands(program.command('apk').description('the same commands, as other tools spell them'), inSession);
  addPackageCommands(program, inSession);
  addListingCommands(program, inSession);
  return program;
}
