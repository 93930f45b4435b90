import { keptBy, tagStamp } from '../artifacts/package-tag.ts';
import type { KeptPackage } from '../artifacts/kept-package.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';
import type { HistoryEvent } from '../service/history.ts';

/** How a listed package came to be there. */
export function eventOfListed({ pkg, tags }: IndexedPackage): HistoryEvent {
  return { ...arrivalOf(pkg, new Date(Math.min(...tags.map(tagStamp)))), ...described(pkg) };
}

/** How a package came, by what is kept of its way. */
export function arrivalOf(
  { pushedBy, provenance = {} }: Partial<Pick<PackageRecord, 'pushedBy' | 'provenance'>>,
  at: Date,
): Pick<HistoryEvent, 'event' | 'at' | 'by' | 'from'> {
  const { promotedFrom: from, promotedBy, restoredBy } = provenance;
  if (restoredBy !== undefined) return { event: 'restored', at, by: restoredBy || undefined };
  if (from !== undefined) return { event: 'promoted', at, by: promotedBy, from };
  return { event: 'published', at, by: pushedBy };
}

/** How a withdrawn package came and left. */
export function eventsOfWithdrawn({ tag, pkg, keeping }: KeptPackage): readonly HistoryEvent[] {
  const { at, by, reason } = keeping;
  return [
    { ...arrivalOf(pkg, new Date(tagStamp(keptBy(tag)))), ...described(pkg) },
    { event: 'withdrawn', at: new Date(at), by, reason, ...described(pkg) },
  ];
}

function described({ architecture, fileName, entry, digest }: PackageRecord) {
  return { architecture, fileName, name: entry.name, version: entry.version, digest };
}
