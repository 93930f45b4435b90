import type { Command } from 'commander';

/** Puts lines that can be copied at the end of a command's help. */
export function addExamples(command: Command, lines: readonly string[]): void {
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

/**
 * Lets each command answer bad usage with its own usage and arguments, and say where the rest is told. After all commands are
 * added.
 */
export function showUsageAfterErrors(command: Command): void {
  command.showHelpAfterError(usageOf(command));
  command.commands.forEach(showUsageAfterErrors);
}

function usageOf(command: Command): string {
  const help = command.createHelp();
  const name = help.commandUsage(command);
  const width = Math.max(0, ...command.registeredArguments.map((argument) => argument.name().length));
  const told = command.registeredArguments.filter(({ description }) => description !== '');
  const lines = told.map((argument) => `  ${argument.name().padEnd(width)}  ${argument.description}`);
  return [`\nUsage: ${name}`, ...lines, `(${fullName(command)} --help tells more)`].join('\n');
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}
