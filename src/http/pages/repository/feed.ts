import type { ListedPackage } from '../../../repository/service/catalog.ts';
import { packageLink, packageUrl, type RepositoryPlace } from '../frame/page-links.ts';

/** What a feed tells of. */
export interface FeedContent {
  /** Its path is an absolute URL here: readers of feeds know no base. */
  readonly place: RepositoryPlace;
  readonly architecture: string;
  readonly packages: readonly ListedPackage[];
}

const maxEntries = 50;
const maxSummaryLength = 1000;

/** The newest packages as an Atom feed (RFC 4287), newest first. */
export function formatFeed({ place, architecture, packages }: FeedContent): string {
  const newest = packages.toSorted((a, b) => b.pushedAt.getTime() - a.pushedAt.getTime()).slice(0, maxEntries);
  const updated = newest[0]?.pushedAt ?? new Date(0);
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
    ...newest.map((pkg) => formatEntry(place, architecture, pkg)),
    '</feed>\n',
  ].join('\n');
}

function formatEntry(place: RepositoryPlace, architecture: string, pkg: ListedPackage): string {
  const { name, version, description, maintainer } = pkg.entry;
  const time = pkg.pushedAt.toISOString();
  return [
    '<entry>',
    // The same bytes pushed again after a delete are news.
    `<id>${escapeXml(`${packageUrl(place, pkg)}#${pkg.digest}-${time}`)}</id>`,
    `<title>${escapeXml(`${name} ${version}`)}</title>`,
    `<updated>${time}</updated>`,
    `<author><name>${escapeXml(pkg.pushedBy ?? maintainer ?? 'unknown')}</name></author>`,
    `<link rel="alternate" href="${escapeXml(packageLink({ ...place, path: place.url }, architecture, pkg))}"/>`,
    `<summary>${escapeXml(description.slice(0, maxSummaryLength))}</summary>`,
    '</entry>',
  ].join('');
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
