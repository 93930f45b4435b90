/** One way to prove who one is, as a server offers it (RFC 9110 section 11.6.1). */
export interface Challenge {
  /** In lower case: `basic`, `bearer`. */
  readonly scheme: string;
  /** By their names in lower case, quotes taken off. */
  readonly parameters: ReadonlyMap<string, string>;
}

const separators = /^[ \t,]*/;
const schemePattern = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*/;
const token68Pattern = /^[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/;
const parameterPattern = /^[ \t,]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/;

/**
 * Every challenge in a `WWW-Authenticate` header, in its order: one header may hold several, and both their parameters and
 * the challenges themselves are separated by commas. What follows a fault in the grammar is left out.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: Challenge[] = [];
  let rest = header.slice(0, 8192).replace(separators, '');
  for (;;) {
    const [whole = '', scheme] = schemePattern.exec(rest) ?? [];
    if (scheme === undefined) return challenges;
    const parameters = new Map<string, string>();
    rest = takeParameters(rest.slice(whole.length).replace(token68Pattern, ''), parameters);
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
    rest = rest.replace(separators, '');
  }
}

// Gives back what follows the parameters: nothing, or the next challenge, told apart by its missing `=`.
function takeParameters(text: string, parameters: Map<string, string>): string {
  let rest = text;
  for (;;) {
    const found = parameterPattern.exec(rest);
    if (found === null) return rest;
    const [whole, name = '', quoted, plain = ''] = found;
    parameters.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? plain);
    rest = rest.slice(whole.length);
  }
}
