/** How a dependency's version may be compared; `><` compares identities and is no version operator. */
export type VersionOperator = '=' | '<' | '<=' | '>' | '>=' | '~' | '<~' | '>~';

export type Order = -1 | 0 | 1;

// apk-tools' token types in their rank: of two versions that differ in the type of the next token, the one whose type
// comes later here is the smaller (1.0-r0 < 1.0_p1 < 1.0a < 1.0.0).
const rank = { first: 0, number: 1, letter: 2, suffix: 3, suffixNumber: 4, hash: 5, revision: 6, end: 7, invalid: 8 };

// Those up to rc make a version smaller than the one without them.
const suffixes = ['alpha', 'beta', 'pre', 'rc', 'cvs', 'svn', 'git', 'hg', 'p'];
const preReleaseCount = suffixes.indexOf('cvs');

const suffixPattern = `_(?:${suffixes.join('|')})(?![a-z])[0-9]*`;
const versionPattern = new RegExp(
  `^([0-9]+)((?:\\.[0-9]+)*)([a-z]?)((?:${suffixPattern})*)((?:~[0-9a-f]+)?)((?:-r[0-9]+)?)`,
);

interface Token {
  readonly rank: number;
  readonly text: string;
}

/** A version taken apart. */
export type VersionTokens = readonly Token[];

const endToken: Token = { rank: rank.end, text: '' };
const invalidToken: Token = { rank: rank.invalid, text: '' };

/** Whether `text` is a version in the grammar of apk-tools 3: `1.2.3b_rc1~0abc-r4` and what leaves parts of it out. */
export function isValidVersion(text: string): boolean {
  return tokensOf(text).at(-1) === endToken;
}

/** The order of two versions as apk-tools 3 has it. Different texts may be equal (`1` and `01`). Total for any texts. */
export function compareVersions(a: string, b: string): Order {
  return a === b ? 0 : compareTokens(tokensOf(a), tokensOf(b), false);
}

/** The same of versions taken apart by `tokensOf`, for those who compare each with many. */
export function compareTokenized(a: VersionTokens, b: VersionTokens): Order {
  return compareTokens(a, b, false);
}

/** Whether `version` fulfils a dependency on `<operator><wanted>`; `~` means "begins with", by whole parts. */
export function satisfies(version: string, operator: VersionOperator, wanted: string): boolean {
  const order = compareWanted(tokensOf(version), operator, tokensOf(wanted));
  return order === 0 ? holdsItself(operator) : operator.includes(order < 0 ? '<' : '>');
}

/**
 * Where a version stands to the one that a dependency names: 0 for all that begin with it where the operator has `~`. Never falls
 * as versions rise by `compareVersions`.
 */
export function compareWanted(version: VersionTokens, operator: VersionOperator, wanted: VersionTokens): Order {
  return compareTokens(version, wanted, operator.includes('~'));
}

/** Whether an operator takes what stands at 0 by `compareWanted`. */
export function holdsItself(operator: VersionOperator): boolean {
  return operator.includes('=') || operator.includes('~');
}

/** The parts of a version, for comparing it with many. */
export function tokensOf(text: string): VersionTokens {
  const match = versionPattern.exec(text);
  if (match === null) return [invalidToken];
  const [, first = '', numbers = '', letter = '', suffixText = '', hash = '', revision = ''] = match;
  return [
    { rank: rank.first, text: first },
    ...numbers.split('.').slice(1).map(numberToken),
    ...(letter === '' ? [] : [{ rank: rank.letter, text: letter }]),
    ...suffixText.split('_').slice(1).flatMap(suffixTokens),
    ...(hash === '' ? [] : [{ rank: rank.hash, text: hash }]),
    ...(revision === '' ? [] : [{ rank: rank.revision, text: revision.slice('-r'.length) }]),
    match[0] === text ? endToken : invalidToken,
  ];
}

function numberToken(text: string): Token {
  return { rank: rank.number, text };
}

function suffixTokens(text: string): Token[] {
  const name = text.replace(/(?<![0-9])[0-9]+$/, '');
  const suffix = { rank: rank.suffix, text: name };
  return name === text ? [suffix] : [suffix, { rank: rank.suffixNumber, text: text.slice(name.length) }];
}

function compareTokens(a: readonly Token[], b: readonly Token[], isFuzzy: boolean): Order {
  for (let index = 0; ; index += 1) {
    const left = a[index] ?? endToken;
    const right = b[index] ?? endToken;
    if (left.rank !== right.rank || left.rank >= rank.end) return compareRanks(left, right, isFuzzy);
    const order = compareValues(left, right);
    if (order !== 0) return order;
  }
}

/** What decides where one version goes on in another way than the other, or both end. */
function compareRanks(a: Token, b: Token, isFuzzy: boolean): Order {
  if (a.rank === b.rank || (isFuzzy && b.rank === rank.end)) return 0;
  if (isPreRelease(a)) return -1;
  if (isPreRelease(b)) return 1;
  return a.rank > b.rank ? -1 : 1;
}

function isPreRelease(token: Token): boolean {
  return token.rank === rank.suffix && suffixes.indexOf(token.text) < preReleaseCount;
}

function compareValues(a: Token, b: Token): Order {
  switch (a.rank) {
    case rank.suffix:
      return orderOf(suffixes.indexOf(a.text), suffixes.indexOf(b.text));
    case rank.number:
      // 1.010 is a decimal fraction to apk-tools, 1.10 is not
      return a.text.startsWith('0') || b.text.startsWith('0') ? orderOf(a.text, b.text) : compareDigits(a.text, b.text);
    case rank.letter:
    case rank.hash:
      return orderOf(a.text, b.text);
    default:
      return compareDigits(a.text, b.text);
  }
}

/** Numeric order of runs of digits of any length. */
function compareDigits(a: string, b: string): Order {
  const left = a.replace(/^0+/, '');
  const right = b.replace(/^0+/, '');
  return left.length === right.length ? orderOf(left, right) : orderOf(left.length, right.length);
}

function orderOf<T extends string | number>(a: T, b: T): Order {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
