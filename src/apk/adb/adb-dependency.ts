import { encodeText } from '../text.ts';
import { compareVersions, type Order } from '../version.ts';
import type { AdbDependency } from './schemas.ts';

/** The bits of `match`, and the characters that stand for them (docs/adb.md, 4). */
const equal = 1;
const less = 2;
const greater = 4;
const fuzzy = 8;
const conflict = 16;
const any = equal | less | greater;

const operators = new Map([
  [equal, '='],
  [less, '<'],
  [less | equal, '<='],
  [greater, '>'],
  [greater | equal, '>='],
  [less | greater, '><'],
  [fuzzy, '~'],
  [fuzzy | equal, '~'],
  [fuzzy | equal | less, '<~'],
  [fuzzy | equal | greater, '>~'],
]);

const bitsOfCharacter = new Map([
  ['=', equal],
  ['<', less],
  ['>', greater],
  ['~', fuzzy | equal],
]);

const headPattern = /^(!?)([^<>=~]*)/;
const operatorPattern = /^[<>=~]*/;
const beyondAscii = /[^\0-\x7f]/;

/** The token that stands for a dependency in an index of the old format; undefined where none does. */
export function dependencyToken({ name = '', version, match = equal }: AdbDependency): string | undefined {
  if (name === '' || /[<>=~! ]/.test(name)) return undefined;
  const bits = Number(match) === 0 ? equal : Number(match);
  const bang = (bits & conflict) === 0 ? '' : '!';
  if (version === undefined) return `${bang}${name}`;
  if (/^[<>=~]|\s/.test(version)) return undefined;
  const operator = operators.get(bits & ~conflict);
  return operator === undefined ? undefined : `${bang}${name}${operator}${version}`;
}

/**
 * What a token says, in the form that apk's own writer chooses. Tokens that clients can't make sense of, which an index of the
 * old format may hold, are taken apart the same way.
 */
export function parseDependencyToken(token: string): AdbDependency {
  const [head = '', bang = '', name = ''] = headPattern.exec(token) ?? [];
  const rest = token.slice(head.length);
  const [operator = ''] = operatorPattern.exec(rest) ?? [];
  const version = rest.slice(operator.length);
  const isConflict = bang === '!' ? conflict : 0;
  if (operator === '' || version === '') return isConflict === 0 ? { name } : { name, match: conflict | any };
  const match = Array.from(operator).reduce(
    (bits, character) => bits | (bitsOfCharacter.get(character) ?? 0),
    isConflict,
  );
  return match === equal ? { name, version } : { name, version, match };
}

/** The order in which apk writes dependencies: by name, bytewise, then version, then the rest. */
export function compareDependencies(a: AdbDependency, b: AdbDependency): number {
  return (
    compareBytewise(a.name ?? '', b.name ?? '') ||
    compareVersions(a.version ?? '', b.version ?? '') ||
    Number(a.match ?? 0) - Number(b.match ?? 0) ||
    compareBytewise(a.version ?? '', b.version ?? '')
  );
}

/** The order of the bytes that two texts are written as. */
export function compareBytewise(a: string, b: string): Order {
  if (a === b) return 0;
  if (!beyondAscii.test(a) && !beyondAscii.test(b)) return a < b ? -1 : 1;
  return Buffer.compare(encodeText(a), encodeText(b));
}
