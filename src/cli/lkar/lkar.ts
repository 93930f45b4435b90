import { isGatewayError } from '../../errors.ts';
import { createLkarProgram } from './lkar-program.ts';
import { runProgram } from '../shared/run-program.ts';
import type { Terminal } from '../shared/terminal.ts';

/** Runs `lkar` with the arguments behind its name and returns its exit code. */
export function runLkar(args: readonly string[], terminal: Terminal): Promise<number> {
  return runProgram(createLkarProgram(terminal), args, terminal, {
    hintOf: (error) =>
      isGatewayError(error, 'UNAUTHORIZED') && args[0] !== 'login'
        ? 'log in with: lkar login REGISTRY[/IMAGE]'
        : undefined,
  });
}
