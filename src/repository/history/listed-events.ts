import { keptBy, tagStamp } from '../artifacts/package-tag.ts';
import type { KeptPackage } from '../artifacts/kept-package.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';
import type { HistoryEvent } from '../service/history.ts';

/** How a listed package came to be there. */
export function eventOfListed({ pkg, tags }: IndexedPackage): HistoryEvent {
  const at = new Date(Math.min(...tags.map(tagStamp)));
  const { promotedFrom: from, promotedBy, restoredBy } = pkg.provenance ?? {};
  if (restoredBy !== undefined) return { event: 'restored', at, by: restoredBy || undefined, ...described(pkg) };
  if (from !== undefined) return { event: 'promoted', at, by: promotedBy, from, ...described(pkg) };
  return { event: 'published', at, by: pkg.pushedBy, ...described(pkg) };
}

/** How a withdrawn package came and left. */
export function eventsOfWithdrawn({ tag, pkg, keeping }: KeptPackage): readonly HistoryEvent[] {
  const { at, by, reason } = keeping;
  return [
    { event: 'published', at: new Date(tagStamp(keptBy(tag))), by: pkg.pushedBy, ...described(pkg) },
    { event: 'withdrawn', at: new Date(at), by, reason, ...described(pkg) },
  ];
}

function described({ architecture, fileName, entry, digest }: PackageRecord) {
  return { architecture, fileName, name: entry.name, version: entry.version, digest };
}
