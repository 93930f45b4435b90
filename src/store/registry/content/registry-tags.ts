import { GatewayError } from '../../../errors.ts';
import { untilIntact } from '../transport/damaged-answers.ts';
import { refusalFault, type RequestSubject } from '../transport/registry-fault.ts';
import { invalidListingOf, nextPageOf, parseListing } from './registry-listing.ts';
import { isProvenAbsent } from './registry-absence.ts';
import type { RegistrySession } from './registry-session.ts';
import type { TagPages } from './tag-pages.ts';

const maxTags = 1_000_000;
// Every tag in quotes and with its comma; a registry without pages sends them all at once.
const maxPageBytes = maxTags * (128 + 3) + 64 * 1024;
// ECR and distribution 3.1.0 refuse more.
const pageSize = 1000;
const maxPages = 20_000;
const maxWalks = 3;

/** ImageStore.tags at a registry: walks its pages until it names no next one (distribution-spec, Listing Tags). */
export async function listTags(session: RegistrySession, pages: TagPages): Promise<readonly string[]> {
  for (let walk = 1; ; walk += 1) {
    const tags = await walkPages(session, pages);
    if (tags !== undefined) return tags;
    if (walk === maxWalks) throw invalidListing(session, 'its pages vanish while they are read');
  }
}

// Undefined where a page that was linked to isn't there: zot loses its place when the tag it goes on from was deleted, and
// says so by a 404 without a code.
async function walkPages(session: RegistrySession, pages: TagPages): Promise<readonly string[] | undefined> {
  const tags = new Set<string>();
  const seen = new Set<string>();
  let url = session.url(`tags/list?n=${pageSize}`);
  while (!seen.has(url.search)) {
    seen.add(url.search);
    const at = url;
    const isFirst = seen.size === 1;
    const page = await untilIntact(session, () => readPage(session, pages, { url: at, isFirst }));
    if (page === undefined) return isFirst ? [] : undefined;
    if (tags.size + page.tags.length > maxTags) throw tooManyTags(session);
    if (page.next === undefined && isFirst) return page.tags;
    for (const tag of page.tags) tags.add(tag);
    if (page.next === undefined) return [...tags];
    if (seen.size === maxPages) throw tooManyTags(session);
    url = page.next;
  }
  throw invalidListing(session, 'its pages lead back to one read before');
}

interface PagePlace {
  readonly url: URL;
  readonly isFirst: boolean;
}

async function readPage(session: RegistrySession, pages: TagPages, { url, isFirst }: PagePlace) {
  const what = `tags of ${session.image}`;
  const subject: RequestSubject = { what: `the ${what}`, right: 'pull' };
  const answer = await session.send({ method: 'GET', operation: 'tags', url, subject }, maxPageBytes);
  if (isFirst ? isProvenAbsent(session, answer) : answer.status === 404) return undefined;
  if (answer.status !== 200) throw refusalFault(answer, subject);
  if (answer.bytes.length === 0 && session.sight.isRecent()) {
    throw invalidListingOf(what, 'it is empty, and yet there is something', { isDamaged: true });
  }
  const parse = (bytes: Uint8Array) => parseListing(bytes, 'tags', what);
  const tags = pages.read(`${session.image}${url.search}`, answer.bytes, parse);
  if (tags.length > 0) session.sight.note();
  return { tags, next: nextPageOf(url, answer, what) };
}

function invalidListing(session: RegistrySession, reason: string): GatewayError {
  return invalidListingOf(`tags of ${session.image}`, reason);
}

function tooManyTags(session: RegistrySession): GatewayError {
  return new GatewayError('SIZE_EXCEEDED', `${session.image} has more than ${maxTags} tags`, { details: { maxTags } });
}
