import { GatewayError, type ErrorDetails } from '../../../errors.ts';
import { parseNextLink } from '../../../oci/link.ts';
import { headerOf, type RegistryAnswer } from '../transport/registry-request.ts';

/**
 * The URL of the page that an answer's `Link` leads to (distribution-spec, Listing Tags); undefined where it is the last.
 * Artifactory leaves out a part of the path and proxies change host names, so only the query is taken: it is all that moves.
 * Throws STORE_ANSWER_INVALID where the link leads elsewhere.
 */
export function nextPageOf(url: URL, answer: RegistryAnswer, what: string): URL | undefined {
  const link = parseNextLink(headerOf(answer, 'link'));
  if (link === undefined) return undefined;
  if (!URL.canParse(link, url.href)) throw invalidListingOf(what, 'its next page has no URL');
  const target = new URL(link, url);
  if (target.hostname !== url.hostname) throw invalidListingOf(what, 'its next page is at another host');
  const next = new URL(url);
  next.search = target.search;
  return next;
}

/** The list that a page has as `member`; GitLab sends null for none. Throws STORE_ANSWER_INVALID for any other document. */
export function parseListing(bytes: Uint8Array, member: 'tags' | 'repositories', what: string): readonly unknown[] {
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

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    return undefined;
  }
}
