import { isValidVersion, type VersionOperator } from './version.ts';

/** One token of `D:`, `p:` or `i:`, taken apart (apk-tools, package dependency syntax). */
export interface Dependency {
  readonly isConflict: boolean;
  readonly name: string;
  /** `><` is followed by an identity (`Q1…`) in place of a version. */
  readonly operator?: VersionOperator | '><';
  readonly version?: string;
}

/** Why a token can't be taken apart, in one line that shows it. */
export interface DependencyFault {
  readonly fault: string;
}

const headPattern = /^(!?)([^<>=~]*)([<>=~]*)/;
const namePattern = /^[A-Za-z0-9+\-_.,:/[\]]+$/;
const identityPattern = /^(?:Q[12][A-Za-z0-9+/]+={0,2}|X[12][0-9a-f]+)$/;

// Which of the four characters occur is all that counts to apk-tools: `==`, `~=` and `=~` are other spellings.
const operators = new Map<string, VersionOperator | '><'>([
  ['=', '='],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['=>', '>='],
  ['~', '~'],
  ['=~', '~'],
  ['<~', '<~'],
  ['<=~', '<~'],
  ['>~', '>~'],
  ['=>~', '>~'],
  ['<>', '><'],
]);

/** The tokens of a list, in order. Nothing can be escaped; spaces separate. */
export function splitTokens(list: string): string[] {
  return list.split(' ').filter((token) => token !== '');
}

/** The parts of one token, or what is wrong with it. */
export function parseDependency(token: string): Dependency | DependencyFault {
  const [head = '', bang = '', name = '', operatorText = ''] = headPattern.exec(token) ?? [];
  const version = token.slice(head.length);
  const base = { isConflict: bang === '!', name };
  if (name === '')
    return fault(version === '' ? 'dependency without version and name' : 'dependency without a name', token);
  if (name.includes('@') || version.includes('@')) return fault('repository tag in a dependency', token);
  if (!namePattern.test(name)) return fault('dependency name has a character apk does not allow', token);
  if (operatorText === '') return base;
  const operator = operators.get([...new Set(operatorText)].sort().join(''));
  if (operator === undefined) return fault('dependency operator unknown', token);
  if (version === '') return fault('dependency version missing', token);
  const isValid = operator === '><' ? identityPattern.test(version) : isValidVersion(version);
  return isValid ? { ...base, operator, version } : fault('dependency version invalid', token);
}

/** The one spelling that every client reads. */
export function formatDependency(dependency: Dependency): string {
  const { isConflict, name, operator = '', version = '' } = dependency;
  return `${isConflict ? '!' : ''}${name}${operator}${version}`;
}

function fault(what: string, token: string): DependencyFault {
  return { fault: `${what}: ${JSON.stringify(token.length > 80 ? `${token.slice(0, 80)}…` : token)}` };
}
