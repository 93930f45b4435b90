import type { Readable, Writable } from 'node:stream';

/** What a command reads from and prints to: results on `stdout`, everything said meanwhile on `stderr`. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
}

/** Prints one line of a result. */
export function printLine(terminal: Terminal, line: string): void {
  terminal.stdout.write(`${line}\n`);
}

/** Says one line beside the result. */
export function sayLine(terminal: Terminal, line: string): void {
  terminal.stderr.write(`${line}\n`);
}

/** Text from elsewhere without the control characters that a terminal would obey. */
export function harmless(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}
