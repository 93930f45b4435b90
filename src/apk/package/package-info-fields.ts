import { GatewayError } from '../../errors.ts';
import { splitTokens } from '../dependency.ts';
import { maxLineBytes } from '../record-limits.ts';
import { encodedLength } from '../text.ts';

/** The values of each key, in their order. */
export type Fields = ReadonlyMap<string, readonly string[]>;

/** Takes one line that a publisher should read. */
export type Warn = (warning: string) => void;

/**
 * The fields of a .PKGINFO that have one of these names; a file may have any number of others. Key and value are split at the
 * first " = " and never trimmed, as apk does (APKv2).
 */
export function readFields(text: string, names: ReadonlySet<string>, warn: Warn): Fields {
  const fields = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    assertLine(line);
    if (line === '' || line.startsWith('#')) continue;
    if (!line.includes('=')) warn('a line of .PKGINFO has no =: apk skips it, apko cannot read the file');
    const border = line.indexOf(' = ');
    if (border < 0) continue;
    const key = line.slice(0, border);
    if (!names.has(key)) continue;
    const values = fields.get(key) ?? [];
    values.push(line.slice(border + ' = '.length));
    fields.set(key, values);
  }
  return fields;
}

function assertLine(line: string): void {
  if (line.length * 3 > maxLineBytes && encodedLength(line) > maxLineBytes)
    throw malformed(`line too long: over ${maxLineBytes} bytes`);
  if (line.endsWith('\r')) throw malformed('control character at a line end: CR (saved with CRLF?)');
}

/** The value that counts to apk where a key is repeated; empty where there is none. */
export function last(fields: Fields, key: string): string {
  return fields.get(key)?.at(-1) ?? '';
}

/** The same, undefined where it is empty. */
export function optional(fields: Fields, key: string): string | undefined {
  return last(fields, key) || undefined;
}

/** The tokens of all lines of a key: each may hold several. */
export function tokens(fields: Fields, key: string): string[] {
  return (fields.get(key) ?? []).flatMap(splitTokens);
}

/** A fault of the .PKGINFO. */
export function malformed(what: string): GatewayError {
  return new GatewayError('PACKAGE_MALFORMED', `.PKGINFO: ${what}`);
}
