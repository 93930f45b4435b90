import { parseAccept } from 'hono/utils/accept';

type JsonType = 'application/json' | 'application/problem+json';

/**
 * Whether an Accept header prefers a page (RFC 9110 section 12.5.1): it names text/html itself and no JSON type before it.
 * apk, curl and all that take anything get what they always get.
 */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined || !/html/i.test(accept)) return false;
  const quality = qualitiesIn(accept);
  const html = quality('text/html');
  return html > 0 && html >= quality('application/json') && html >= quality('application/problem+json');
}

/** The JSON type that an Accept header names and prefers to plain text, if any; a wildcard is no wish for JSON. */
export function wantedJson(accept: string | undefined): JsonType | undefined {
  if (accept === undefined || !/json/i.test(accept)) return undefined;
  const quality = qualitiesIn(accept);
  const problem = quality('application/problem+json');
  const json = quality('application/json');
  if (Math.max(problem, json) < quality('text/plain')) return undefined;
  if (problem > 0 && problem >= json) return 'application/problem+json';
  return json > 0 ? 'application/json' : undefined;
}

/** How much each type is wanted that the header names; 0 for the others. */
function qualitiesIn(accept: string): (type: string) => number {
  const ranges = parseAccept(accept);
  return (type) => ranges.find((range) => range.type.toLowerCase() === type)?.q ?? 0;
}
