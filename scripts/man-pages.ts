import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Argument, Command, Option } from 'commander';
import { exitCodeHelp } from '../src/cli/shared/exit-code.ts';
import { createLkarProgram } from '../src/cli/lkar/lkar-program.ts';
import { createLkardProgram } from '../src/cli/lkard/lkard-program.ts';

/** A page of the manual: its path below the repository, and its text. */
export interface ManPage {
  readonly file: string;
  readonly text: string;
}

const files: Readonly<Record<string, string>> = {
  lkard: `Keys, the embedded store and what else lkard makes for itself are below \\fB\\-\\-data\\fR.
.PP
\\fI~/.docker/config.json\\fR, or what \\fBREGISTRY_AUTH_FILE\\fR names, has the gateway's own credentials.`,
  lkar: `Logins are in \\fI~/.docker/config.json\\fR, or in the credential helper that it names.`,
};

/** Both programs' pages, made of the definitions of their commands. */
export function manPages(): readonly ManPage[] {
  const terminal = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
  const nothing = () => Promise.resolve();
  const commands = {
    ...{ collectGarbage: nothing, verify: nothing, resign: nothing },
    ...{ exportImage: nothing, importImage: nothing, copyImage: nothing },
  };
  return [
    { file: 'man/lkar.1', text: formatPage(createLkarProgram(terminal), 1) },
    { file: 'man/lkard.8', text: formatPage(createLkardProgram(terminal, nothing, commands), 8) },
  ];
}

function formatPage(program: Command, section: number): string {
  const name = program.name();
  const [summary = ''] = program.description().split(/(?<=\.)\s/);
  const parts = [
    `.TH ${name.toUpperCase()} ${section}`,
    `.SH NAME\n${name} \\- ${escape(summary.replace(/\.$/, ''))}`,
    `.SH SYNOPSIS\n.B ${name}\n${synopsis(program)}`,
    `.SH DESCRIPTION\n${escape(program.description())}`,
    optionGroups(program),
    `.SH COMMANDS\n${commandsOf(program, name)}`,
    ...(name === 'lkard' ? [`.SH ENVIRONMENT\n${environment}`] : []),
    `.SH EXIT STATUS\n${exitStatus()}`,
    `.SH FILES\n${files[name] ?? ''}`,
    `.SH SEE ALSO\n${name === 'lkar' ? '.BR lkard (8)' : '.BR lkar (1)'}`,
  ];
  return `${parts.join('\n')}\n`;
}

const environment = escape(
  'Each setting is a variable too: --no-https is ARTIFACT_REGISTRY_NO_HTTPS=true. A flag goes before its variable; lists are separated by commas.',
);

function synopsis(command: Command): string {
  const isGroup = command.commands.length > 0;
  const named = command.registeredArguments.map(argumentOf);
  return ['[options]', ...(isGroup && named.length === 0 ? ['command'] : []), ...named].map(escape).join(' ');
}

function optionGroups(program: Command): string {
  const groups = new Map<string, Option[]>();
  for (const option of program.createHelp().visibleOptions(program)) {
    const group = option.helpGroupHeading?.replace(/:$/, '') ?? '';
    groups.set(group, [...(groups.get(group) ?? []), option]);
  }
  const named = [...groups].map(([group, options]) =>
    [...(group === '' ? [] : [`.SS ${escape(group)}`]), ...options.map(formatOption)].join('\n'),
  );
  return `.SH OPTIONS\n${named.join('\n')}`;
}

function commandsOf(program: Command, name: string): string {
  const commands = program.createHelp().visibleCommands(program);
  return commands
    .filter((command) => command.name() !== 'help')
    .map((command) => formatCommand(command, name))
    .join('\n');
}

function formatCommand(command: Command, name: string): string {
  const aliases = command.aliases();
  const own = command.createHelp().visibleOptions(command);
  return [
    `.SS ${escape(`${name} ${command.name()}`)} ${synopsis(command)}`,
    escape(sentence(command.description())),
    ...(aliases.length > 0 ? [`Also: ${escape(aliases.join(', '))}.`] : []),
    ...command.registeredArguments
      .filter(({ description }) => description !== '')
      .map((argument) => `.TP\n.I ${escape(argument.name())}\n${escape(argument.description)}`),
    ...own.filter(({ long }) => long !== '--help').map(formatOption),
  ].join('\n');
}

function formatOption(option: Option): string {
  const choices = option.argChoices === undefined ? '' : ` (${option.argChoices.join(', ')})`;
  const given = option.defaultValueDescription ?? (option.defaultValue as string | undefined);
  const usual = typeof given === 'string' ? ` Default: ${given}.` : '';
  return `.TP\n.B ${escape(option.flags)}\n${escape(sentence(`${option.description}${choices}`) + usual)}`;
}

function argumentOf(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? name : `[${name}]`;
}

function exitStatus(): string {
  const lines = [...exitCodeHelp.matchAll(/^ {2}(\d) {2}(.+)$/gm)];
  return lines.map(([, code = '', what = '']) => `.TP\n.B ${code}\n${escape(what)}`).join('\n');
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Text as roff shows it: no line is a request, no hyphen is bent (groff_char(7)). */
function escape(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replace(/^([.'])/gm, '\\&$1')
    .replace(/\s*\n\s*/g, ' ')
    .trim();
}

if (import.meta.filename === process.argv[1]) {
  for (const { file, text } of manPages()) writeFileSync(path.join(import.meta.dirname, '..', file), text);
}
