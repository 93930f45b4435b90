import { isGatewayError } from '../../errors.ts';
import type { Interrupts } from '../shared/interrupts.ts';
import { runProgram } from '../shared/run-program.ts';
import type { Terminal } from '../shared/terminal.ts';
import { expandAddresses } from './address.ts';
import { createLkarProgram } from './lkar-program.ts';

/** Runs `lkar` with the arguments behind its name and returns its exit code. */
export function runLkar(args: readonly string[], terminal: Terminal & Partial<Interrupts>): Promise<number> {
  return runProgram(createLkarProgram(terminal), expandAddresses(args), terminal, {
    hintOf: (error) =>
      isGatewayError(error, 'UNAUTHORIZED') && args[0] !== 'login'
        ? `log in with: lkar login ${error.details['target'] ?? 'REGISTRY[/IMAGE]'}`
        : undefined,
  });
}
