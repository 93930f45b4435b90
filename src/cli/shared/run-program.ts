import { inspect } from 'node:util';
import { CommanderError, type Command } from 'commander';
import { exitCodeOf, exitCodes } from './exit-code.ts';
import { sayLine, watchOutputs, type Terminal } from './terminal.ts';

/** Makes a program print to this terminal, and throw where commander would end the process. Before its commands are added. */
export function tame(program: Command, terminal: Terminal): Command {
  return program.exitOverride().configureOutput({
    writeOut: (text) => terminal.stdout.write(text),
    writeErr: (text) => terminal.stderr.write(text),
  });
}

/** Runs a program with the arguments behind its name and returns its exit code; faults are said on standard error. */
export async function runProgram(
  program: Command,
  args: readonly string[],
  terminal: Terminal,
  options: { readonly hintOf?: (error: unknown) => string | undefined } = {},
): Promise<number> {
  const allWritten = watchOutputs(terminal);
  try {
    await program.parseAsync(args, { from: 'user' });
    await allWritten();
    return exitCodes.success;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.success : exitCodes.badUsage;
    sayFault(error, terminal, program.opts()['debug'] === true);
    const hint = options.hintOf?.(error);
    if (hint !== undefined) sayLine(terminal, hint);
    return exitCodeOf(error);
  }
}

function sayFault(error: unknown, terminal: Terminal, isDebug: boolean): void {
  const message = error instanceof Error ? error.message : String(error);
  sayLine(terminal, `error: ${message}`);
  if (isDebug && error instanceof Error) sayLine(terminal, inspect(error));
}
