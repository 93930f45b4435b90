import tab from '@bomb.sh/tab/commander';
import { Command } from 'commander';
import { environmentName, settings, type GivenSettings } from '../../config/settings.ts';
import { exitCodeHelp } from '../shared/exit-code.ts';
import { tame } from '../shared/run-program.ts';
import { addLkardCommands, type LkardCommands } from './lkard-commands.ts';
import { givenFlags, optionOf } from './setting-options.ts';
import type { Terminal } from '../shared/terminal.ts';
import { readVersion } from '../shared/version.ts';

/** What the command line asks of lkard. */
export interface LkardRequest {
  readonly flags: GivenSettings;
  readonly isPrintConfig: boolean;
}

/**
 * `lkard [IMAGE]`: hands what it is asked to `serve`, and the commands for operators to `commands`. Every setting is a flag
 * and a variable.
 */
export function createLkardProgram(
  terminal: Terminal,
  serve: (request: LkardRequest) => Promise<void>,
  commands?: LkardCommands,
): Command {
  const program = tame(new Command('lkard'), terminal)
    .description(
      'A gateway that makes any OCI registry an Alpine (APK) repository. Without --backend it keeps packages itself.',
    )
    .argument('[image]', 'the one image to serve; paths then begin with the branch')
    .version(readVersion(), '-v, --version', 'print the version')
    .option('-d, --debug', 'the same as --log-level debug')
    .option('--print-config', 'print the configuration without its secrets, and end')
    .showHelpAfterError('(lkard --help tells more)')
    .addHelpText('after', `\nEach setting is a variable too: --no-https is ${environmentName('no-https')}=true.`)
    .addHelpText('after', exitCodeHelp);
  for (const setting of settings()) program.addOption(optionOf(setting));
  program.action((image: string | undefined) => serve(requestOf(program, image)));
  if (commands !== undefined) {
    addLkardCommands(program, commands);
    tab(program, { completionCommandName: 'completion' });
  }
  return program;
}

function requestOf(program: Command, image: string | undefined): LkardRequest {
  const isDebug = program.getOptionValue('debug') === true;
  return {
    flags: {
      ...givenFlags(program),
      ...(isDebug && { 'log-level': 'debug' }),
      ...(image !== undefined && { image }),
    },
    isPrintConfig: program.getOptionValue('printConfig') === true,
  };
}
