import { Command, Option } from 'commander';
import { environmentName, settings } from '../config-settings.ts';
import type { GivenSettings, Setting } from '../config-settings.ts';
import { exitCodeHelp } from './exit-code.ts';
import { tame } from './run-program.ts';
import type { Terminal } from './terminal.ts';
import { readVersion } from './version.ts';

/** What the command line asks of lkard. */
export interface LkardRequest {
  readonly flags: GivenSettings;
  readonly isPrintConfig: boolean;
}

/** `lkard [IMAGE]`: hands what it is asked to `serve`. Every setting is a flag and a variable. */
export function createLkardProgram(terminal: Terminal, serve: (request: LkardRequest) => Promise<void>): Command {
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
  return program.action((image: string | undefined) => serve(requestOf(program, image)));
}

function optionOf({ name, kind, value = '', help, group }: Setting): Option {
  const option = new Option(flagsOf(name, kind, value), help).helpGroup(`${group}:`);
  return kind === 'list' ? option.argParser(collect) : option;
}

function flagsOf(name: string, kind: Setting['kind'], value: string): string {
  if (kind === 'switch') return `--${name}`;
  return kind === 'optional' ? `--${name} [${value}]` : `--${name} <${value}>`;
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

function requestOf(program: Command, image: string | undefined): LkardRequest {
  const given = settings().map((setting) => [setting.name, givenValue(program, setting)] as const);
  const isDebug = program.getOptionValue('debug') === true;
  return {
    flags: {
      ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
      ...(isDebug && { 'log-level': 'debug' }),
      ...(image !== undefined && { image }),
    },
    isPrintConfig: program.getOptionValue('printConfig') === true,
  };
}

function givenValue(program: Command, { name }: Setting): string | true | readonly string[] | undefined {
  const attribute = program.options.find(({ long }) => long === `--${name}`)?.attributeName() ?? name;
  if (program.getOptionValueSource(attribute) !== 'cli') return undefined;
  const value = program.getOptionValue(attribute) as string | boolean | readonly string[];
  // Commander keeps `--no-https` as `https: false`.
  return typeof value === 'boolean' ? true : value;
}
