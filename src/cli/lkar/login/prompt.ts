import { createInterface } from 'node:readline/promises';
import { addAbortSignal, Writable } from 'node:stream';
import { GatewayError } from '../../../errors.ts';
import { readText } from '../http/gateway-answer.ts';
import type { Terminal } from '../../shared/terminal.ts';

const maxPasswordBytes = 64 * 1024;

/** Asks for a line on a terminal; what is typed isn't shown where `isHidden`. */
export async function askLine(terminal: Terminal, question: string, isHidden = false): Promise<string> {
  if (isHidden) terminal.stderr.write(question);
  const nowhere = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const lines = createInterface({
    input: terminal.stdin,
    output: isHidden ? nowhere : terminal.stderr,
    terminal: true,
  });
  const closed = new Promise<never>((_, reject) => {
    lines.once('SIGINT', () => {
      lines.close();
    });
    lines.once('close', () => {
      reject(new GatewayError('ABORTED', 'nothing was entered'));
    });
  });
  try {
    return await Promise.race([lines.question(isHidden ? '' : question), closed]);
  } finally {
    lines.close();
    if (isHidden) terminal.stderr.write('\n');
  }
}

/** All of standard input but a line break at its end: a password that was piped in. */
export async function readPassword(terminal: Terminal, signal?: AbortSignal): Promise<string> {
  if (signal !== undefined) addAbortSignal(signal, terminal.stdin);
  return (await readText(terminal.stdin, maxPasswordBytes)).replace(/\r?\n$/, '');
}
