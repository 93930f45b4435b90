import { GatewayError, type ErrorDetails } from '../../../errors.ts';
import { parseJson } from '../../../oci/json.ts';
import { parseNextLink } from '../../../oci/link.ts';
import { headerOf, type RegistryAnswer } from '../transport/registry-request.ts';

/**
 * The URL of the page that an answer's `Link` leads to (distribution-spec, Listing Tags); undefined where it is the last.
 * Artifactory leaves out a part of the path and registries behind proxies don't know their host name, so only the query is
 * taken: it is all that moves, and no link leads anywhere else. Throws STORE_ANSWER_INVALID for what is no URL.
 */
export function nextPageOf(url: URL, answer: RegistryAnswer, what: string): URL | undefined {
  const link = parseNextLink(headerOf(answer, 'link'));
  if (link === undefined) return undefined;
  if (!URL.canParse(link, url.href)) throw invalidListingOf(what, 'its next page has no URL');
  const next = new URL(url);
  next.search = new URL(link, url).search;
  return next;
}

/**
 * The list that a page has as `member`; none where GitLab sends null for it, or a registry nothing at all. Throws
 * STORE_ANSWER_INVALID for any other document.
 */
export function parseListing(bytes: Uint8Array, member: 'tags' | 'repositories', what: string): readonly unknown[] {
  if (bytes.length === 0) return [];
  const page = parseJson(bytes);
  if (typeof page !== 'object' || page === null || Array.isArray(page))
    throw invalidListingOf(what, 'it is no JSON object', { isDamaged: page === undefined });
  const items = (page as Readonly<Record<string, unknown>>)[member] ?? [];
  if (!Array.isArray(items)) throw invalidListingOf(what, `its ${member} are no list`);
  return items;
}

/** STORE_ANSWER_INVALID for a listing of `what`: `tags of team/app`. */
export function invalidListingOf(what: string, reason: string, details: ErrorDetails = {}): GatewayError {
  return new GatewayError('STORE_ANSWER_INVALID', `the registry's listing of the ${what} is wrong: ${reason}`, {
    details,
  });
}
