import type { Readable, Writable } from 'node:stream';
import { isErrno } from '../../files/errno.ts';

// DEL, C1, and the controls of Unicode's bidirectional algorithm (UAX 9).
const beyondC0 = /[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** What a command reads from and prints to: results on `stdout`, everything said meanwhile on `stderr`. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** `columns` is how wide a terminal is. */
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  /** The variables of the process; default none. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Prints one line of a result, or several of our own; nothing in it that a terminal obeys. */
export function printLine(terminal: Terminal, line: string): void {
  terminal.stdout.write(`${harmless(line)}\n`);
}

/** Says the same beside the result. */
export function sayLine(terminal: Terminal, line: string): void {
  terminal.stderr.write(`${harmless(line)}\n`);
}

/**
 * Lets a command go on to its end when nobody reads on (`lkar ls | head`). Returns how to wait until all is written, which
 * throws for a fault such as a full disk.
 */
export function watchOutputs({ stdout, stderr }: Terminal): () => Promise<void> {
  let fault: Error | undefined;
  for (const output of [stdout, stderr]) {
    output.on('error', (error: Error) => {
      if (!isErrno(error, 'EPIPE')) fault ??= error;
    });
  }
  return async () => {
    await new Promise<void>((written) => {
      stdout.write('', () => {
        written();
      });
    });
    if (fault !== undefined) throw fault;
  };
}

/** Text from elsewhere without the control characters that a terminal would obey, those of reading direction among them. */
export function harmless(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f]/g, '').replace(beyondC0, '');
}

/** The same in one line, whatever the text says: who tells something must not seem to say it in lkar's own words. */
export function asOneLine(text: string): string {
  return harmless(text).replace(/\s/g, ' ');
}

/** JSON or double-quoted YAML with an escape in place of what both let stand as it is and a terminal would obey. */
export function escapeHidden(text: string): string {
  return text.replace(beyondC0, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Whether `escapeHidden` would change a text. */
export function hasHidden(text: string): boolean {
  return text.search(beyondC0) >= 0;
}
