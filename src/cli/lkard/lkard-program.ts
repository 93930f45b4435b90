import { Command } from 'commander';
import { environmentName, settings, type GivenSettings } from '../../config/settings.ts';
import { addCompletion } from '../shared/completion.ts';
import { exitCodeHelp } from '../shared/exit-code.ts';
import { addExamples, showUsageAfterErrors } from '../shared/help.ts';
import { tame } from '../shared/run-program.ts';
import { addLkardCommands, type LkardCommands } from './lkard-commands.ts';
import { explainMistake } from './mistaken-image.ts';
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
  const program = createProgram(terminal, serve, commands);
  if (commands !== undefined) addCompletion(program, terminal, () => createProgram(terminal, serve, commands));
  showUsageAfterErrors(program);
  return program;
}

function createProgram(
  terminal: Terminal,
  serve: (request: LkardRequest) => Promise<void>,
  commands?: LkardCommands,
): Command {
  const program = tame(new Command('lkard'), terminal)
    .description(
      'A gateway that makes any OCI registry an Alpine (APK) repository. Without --backend it keeps packages itself.',
    )
    .argument('[image]', 'the one image to serve; paths then begin with the branch')
    .allowExcessArguments()
    .version(readVersion(), '-v, --version', 'print the version')
    .option('-d, --debug', 'the same as --log-level debug')
    .option('--print-config', 'print the configuration without its secrets, and end')
    .addHelpText('after', `\nEach setting is a variable too: --no-https is ${environmentName('no-https')}=true.`);
  for (const setting of settings()) program.addOption(optionOf(setting));
  addExamples(program, [
    'lkard',
    'lkard --backend registry.example.org',
    'lkard team/app --backend 127.0.0.1:5000 --no-https --addr 127.0.0.1:9887',
  ]);
  program.addHelpText('after', exitCodeHelp);
  program.action((image: string | undefined) => {
    refuseMistakes(program);
    return serve(requestOf(program, image));
  });
  if (commands !== undefined) addLkardCommands(program, commands);
  return program;
}

/** A misspelt command would be served as an image, in silence. */
function refuseMistakes(program: Command): void {
  const [word, ...more] = program.args;
  if (word === undefined) return;
  const mistake = explainMistake(
    word,
    program.commands.map((command) => command.name()),
  );
  if (mistake !== undefined) program.error(`error: ${mistake}`);
  if (more.length > 0) program.error(`error: one image at most is served alone, not ${program.args.join(' ')}`);
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
