import { GatewayError } from '../../errors.ts';
import { exactNumber, maxLineBytes } from '../record-limits.ts';
import { encodedLength, hasHiddenCharacter, isEncodable } from '../text.ts';

/** The lines of a record by their letter. */
export type Letters = ReadonlyMap<string, string>;

const knownLetters = new Set('CPVASITULomtckDpi');
// Letters of the installed database, which readers pass over in an index.
const passedLetters = new Set('FMRZrqasfg');

/** Takes a record apart into its lines (APKv2). Throws INDEX_MALFORMED for what clients would take for another record. */
export function readLetters(text: string): Letters {
  if (!text.endsWith('\n')) throw malformed('the last line has no line end, so clients lose the record');
  if (!isEncodable(text)) throw malformed('text that cannot be written in a record');
  const letters = new Map<string, string>();
  for (const row of text.replace(/\n\n?$/, '').split('\n')) {
    if (hasHiddenCharacter(row)) throw malformed('control character in a record');
    const letter = letterOf(row);
    if (letters.has(letter)) throw malformed(`${letter}: twice in a record`);
    letters.set(letter, row.slice(2));
  }
  return letters;
}

function letterOf(row: string): string {
  const letter = row.charAt(0);
  if (row.charAt(1) !== ':') throw malformed(`a line without colon: ${JSON.stringify(row.slice(0, 40))}`);
  if (row.length * 3 > maxLineBytes && encodedLength(row) > maxLineBytes) throw malformed('line too long');
  const isSkippable = passedLetters.has(letter) || /[a-z]/.test(letter);
  if (!knownLetters.has(letter) && !isSkippable) throw malformed(`unknown letter ${JSON.stringify(letter)}`);
  return letter;
}

/** The number of a line, as text where a number would not be exact; undefined where the line isn't there. */
export function digits(letters: Letters, letter: string): number | string | undefined {
  const text = letters.get(letter);
  if (text === undefined) return undefined;
  if (!/^[0-9]{1,18}$/.test(text)) throw malformed(`${letter}: is not a number: ${JSON.stringify(text.slice(0, 40))}`);
  return exactNumber(text);
}

/** The same for a number that has to be exact. */
export function safeNumber(letters: Letters, letter: string): number | undefined {
  const value = digits(letters, letter);
  if (typeof value === 'string') throw malformed(`${letter}: is too large: ${value}`);
  return value;
}

/** A fault of an index. */
export function malformed(what: string): GatewayError {
  return new GatewayError('INDEX_MALFORMED', `index: ${what}`);
}
