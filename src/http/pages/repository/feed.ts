import { NOARCH } from '../../../apk/architectures.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import type { HistoryEvent } from '../../../repository/service/history.ts';
import { packageLink, packageUrl, type RepositoryPlace } from '../frame/page-links.ts';

/** What a feed tells of. */
export interface FeedContent {
  /** Its path is an absolute URL here: readers of feeds know no base. */
  readonly place: RepositoryPlace;
  readonly architecture: string;
  readonly packages: readonly ListedPackage[];
  /** What was withdrawn or deleted, of whichever architecture; those of others are left out. */
  readonly departures: readonly HistoryEvent[];
}

const maxEntries = 50;
const maxSummaryLength = 1000;

/** What came and what left lately as an Atom feed (RFC 4287), newest first. */
export function formatFeed({ place, architecture, packages, departures }: FeedContent): string {
  const arrivals = packages.map((pkg) => ({ at: pkg.pushedAt, format: () => formatArrival(place, architecture, pkg) }));
  const left = departures
    .filter((one) => [architecture, NOARCH].includes(one.architecture))
    .map((one) => ({ at: one.at, format: () => formatDeparture(place, one) }));
  const news = [...arrivals, ...left].toSorted((a, b) => b.at.getTime() - a.at.getTime()).slice(0, maxEntries);
  const updated = news[0]?.at ?? new Date(0);
  const { branch, repository } = place.at;
  const self = `${place.url}/feed.atom?arch=${architecture}`;
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<feed xmlns="http://www.w3.org/2005/Atom">',
    `<id>${escapeXml(self)}</id>`,
    `<title>${escapeXml(`New packages in ${branch}/${repository} for ${architecture}`)}</title>`,
    `<updated>${updated.toISOString()}</updated>`,
    `<link rel="self" href="${escapeXml(self)}"/>`,
    `<link rel="alternate" href="${escapeXml(`${place.url}?arch=${architecture}`)}"/>`,
    ...news.map(({ format }) => format()),
    '</feed>\n',
  ].join('\n');
}

/** Its page is the history, since the package has none any more. */
function formatDeparture(place: RepositoryPlace, departure: HistoryEvent): string {
  const { event, at, by, architecture, fileName, name, version, reason = '' } = departure;
  const time = at.toISOString();
  const page = `${place.url}?view=history`;
  return [
    '<entry>',
    `<id>${escapeXml(`${page}#${architecture}/${fileName}-${event}-${time}`)}</id>`,
    `<title>${escapeXml(`${name} ${version} ${event}`)}</title>`,
    `<updated>${time}</updated>`,
    `<author><name>${escapeXml(by ?? 'unknown')}</name></author>`,
    `<link rel="alternate" href="${escapeXml(page)}"/>`,
    `<summary>${escapeXml(reason.slice(0, maxSummaryLength))}</summary>`,
    '</entry>',
  ].join('');
}

function formatArrival(place: RepositoryPlace, architecture: string, pkg: ListedPackage): string {
  const { name, version, description, maintainer } = pkg.entry;
  const time = pkg.pushedAt.toISOString();
  return [
    '<entry>',
    // The same bytes pushed again after a delete are news.
    `<id>${escapeXml(`${packageUrl(place, pkg)}#${pkg.digest}-${time}`)}</id>`,
    `<title>${escapeXml(`${name} ${version}${howOf(pkg)}`)}</title>`,
    `<updated>${time}</updated>`,
    `<author><name>${escapeXml(pkg.pushedBy ?? maintainer ?? 'unknown')}</name></author>`,
    `<link rel="alternate" href="${escapeXml(packageLink({ ...place, path: place.url }, architecture, pkg))}"/>`,
    `<summary>${escapeXml(description.slice(0, maxSummaryLength))}</summary>`,
    '</entry>',
  ].join('');
}

/** How it came, where nobody pushed it there. */
function howOf({ provenance }: ListedPackage): string {
  if (provenance?.restoredBy !== undefined) return ' restored';
  return provenance?.promotedFrom === undefined ? '' : ' promoted';
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text for XML 1.0, which has no way to write most control characters: they are left out. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"']/g, (char) => entities[char] ?? '');
}
