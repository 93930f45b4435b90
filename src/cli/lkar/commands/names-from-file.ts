import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { GatewayError } from '../../../errors.ts';
import { readBounded } from '../../../files/read-bounded.ts';
import type { Session } from '../session.ts';
import { unreadable } from './unreadable.ts';

/** Where further names stand. */
export interface FromFile {
  /** A file, `-` for standard input. */
  readonly fromFile?: string | undefined;
}

const maxBytes = 64 * 2 ** 20;

/**
 * The names given, and those in the file, one a line without empty ones. Throws REQUEST_INVALID where there is none at all,
 * FILE_INVALID where the file can't be read.
 */
export async function namesOf(
  { terminal, signal }: Pick<Session, 'terminal' | 'signal'>,
  given: readonly string[],
  { fromFile }: FromFile,
  what: string,
): Promise<readonly string[]> {
  const read =
    fromFile === undefined ? [] : await linesOf(fromFile, fromFile === '-' ? terminal.stdin : undefined, signal);
  const names = [...given, ...read];
  if (names.length > 0) return names;
  throw new GatewayError('REQUEST_INVALID', `no ${what} is given: name some, or --from-file`);
}

async function linesOf(file: string, stdin: Readable | undefined, signal: AbortSignal | undefined) {
  const input = stdin ?? createReadStream(file);
  if (signal !== undefined) addAbortSignal(signal, input);
  const bytes = await readBounded(input, maxBytes, file).catch((cause: unknown) => {
    throw cause instanceof GatewayError ? cause : unreadable(file, cause);
  });
  return Buffer.from(bytes)
    .toString('utf8')
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line !== '');
}
