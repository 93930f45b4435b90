import { PassThrough } from 'node:stream';
import type { Terminal } from '../../src/cli/shared/terminal.ts';

/** A terminal that isn't one: pipes, whose text so far can be asked for. */
export function aTerminal(input = ''): Terminal & { readonly said: () => string; readonly printed: () => string } {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const [printed, said]: string[][] = [[], []];
  stdin.end(input);
  stdout.on('data', (chunk: Buffer) => printed!.push(chunk.toString()));
  stderr.on('data', (chunk: Buffer) => said!.push(chunk.toString()));
  return { stdin, stdout, stderr, printed: () => printed!.join(''), said: () => said!.join('') };
}
