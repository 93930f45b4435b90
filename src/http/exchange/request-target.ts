/** The path of a request target, without query: of the raw target, since URL parsers resolve dot segments away. */
export function pathOfTarget(target: string): string {
  const origin = /^https?:\/\/[^/?#]*/i.exec(target);
  const path = origin === null ? target : target.slice(origin[0].length);
  const end = path.search(/[?#]/);
  return (end === -1 ? path : path.slice(0, end)) || '/';
}

/** Host and port of a target in absolute form, whatever else its authority holds; undefined for any other. */
export function hostOfTarget(target: string): string | undefined {
  if (target.startsWith('/')) return undefined;
  return /^https?:\/\/([^/?#]*)/i.exec(target)?.[1];
}

/** The query of a request target, with its question mark; empty where there is none. */
export function searchOfTarget(target: string): string {
  const start = target.indexOf('?');
  return start === -1 ? '' : (target.slice(start).split('#', 1)[0] ?? '');
}

/** The query's parameters (WHATWG URL, section 5.1). */
export function queryOfTarget(target: string): URLSearchParams {
  return new URLSearchParams(searchOfTarget(target));
}
