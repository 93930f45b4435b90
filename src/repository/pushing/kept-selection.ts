import type { Keeping, KeptPackage } from '../artifacts/kept-package.ts';
import { barOf, contentKeyOf, peekKind, type TagKind } from '../artifacts/package-tag.ts';
import { isEnded, readAllKept } from '../keeping/kept-packages.ts';
import type { Look } from '../live/look.ts';
import type { ChangeOptions, Selection } from '../service/lifecycle.ts';
import { stampOf } from '../../time/stamps.ts';
import { liveTagsIn, maySelect, select, type Selected } from './selection.ts';
import type { Work } from './work.ts';

/**
 * What of a selection is kept and not listed: of these kinds, and not void. Nothing is asked where no tag may be of it. Only
 * what can still be fetched or restored counts.
 */
export async function selectKept(
  { image, time }: Work,
  seen: Look,
  selection: Selection,
  kinds: readonly TagKind[],
): Promise<Selected<KeptPackage>> {
  const isSelected = maySelect(selection);
  const candidates = seen.live.kept.filter((tag) => kinds.includes(peekKind(tag) ?? 'package') && isSelected(tag));
  const live = candidates.length === 0 ? new Set() : new Set([...liveTagsIn(seen)].map(({ tag }) => contentKeyOf(tag)));
  // What nobody fetches any more isn't there, but for a restoring of what was withdrawn.
  const barred = candidates.length === 0 ? new Set() : barsIn(seen.listing);
  const isOver = (tag: string) => live.has(contentKeyOf(tag)) || (peekKind(tag) === 'kept' && barred.has(barOf(tag)));
  const dead = candidates.filter((tag) => !isOver(tag));
  const kept = (await readAllKept(image, dead, time.call())).filter((one) => !isEnded(one));
  return select(kept, ({ pkg }) => pkg, selection);
}

function barsIn(listing: readonly string[]): ReadonlySet<string> {
  return new Set(listing.filter((tag) => peekKind(tag) === 'barred'));
}

/** Why these packages leave the index, as this caller says it, and until when their bytes can be fetched. */
export function keepingOf(work: Work, why: Keeping['why'], { reason, isNow = false }: ChangeOptions): Keeping {
  const at = work.stamp();
  const isFetchable = !isNow && work.deleteGraceMs > 0;
  const fetchableUntil = isFetchable ? stampOf(at + work.deleteGraceMs) : undefined;
  return { why, at, by: work.caller.name, reason, fetchableUntil };
}
