import { inParallel } from '../../concurrency/in-parallel.ts';
import type { Keeping, KeptPackage } from '../artifacts/kept-package.ts';
import { barOf, contentKeyOf, latestFirst, peekKind, type TagKind } from '../artifacts/package-tag.ts';
import { putBar } from '../keeping/bars.ts';
import { dropKept, isEnded, readAllKept } from '../keeping/kept-packages.ts';
import { shownTags, type Look } from '../live/look.ts';
import { readDeath, type ToldDeath } from '../publishing/told-death.ts';
import type { ChangedPackage, ChangeOptions, Selection } from '../service/lifecycle.ts';
import { stampOf } from '../../time/stamps.ts';
import { liveTagsIn, maySelect, select, type Selected } from './selection.ts';
import type { Work } from './work.ts';

/** Tombstones that are read for one answer, the youngest first, and at a time. */
const maxRead = 2_000;
const concurrency = 8;

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

/**
 * What of a selection was deleted before, as its tombstones tell, for as long as those are kept: whoever asks again because an
 * answer was lost is told that it is so. Patterns mean what is there, so nothing is looked for by them.
 */
export async function selectGone(
  { image, time }: Work,
  seen: Look,
  { files = [], names = [] }: Selection,
): Promise<Selected<ChangedPackage>> {
  const isWhole = (text: string) => !text.includes('*');
  const whole = { files: files.filter(isWhole), names: names.filter(isWhole) };
  const mayBe = whole.files.length + whole.names.length === 0 ? () => false : maySelect(whole);
  const graves = latestFirst(shownTags(seen, ['tombstone']).filter(mayBe));
  const told = await inParallel(graves.slice(0, maxRead), concurrency, (tag) => readDeath(image, tag, time.call()));
  const dead = told.flatMap((death) => (death === undefined || death === 'nothing' ? [] : (goneOf(death) ?? [])));
  const last = [...new Map(dead.toReversed().map((one) => [`${one.architecture}/${one.fileName}`, one])).values()];
  const { found } = select(last, (one) => ({ ...one, entry: one }), whole);
  const { missing } = select(found, (one) => ({ ...one, entry: one }), { files, names });
  return { found, missing };
}

function goneOf({ digest, size, by, atMs, ...what }: ToldDeath): ChangedPackage | undefined {
  if (digest === undefined || size === undefined) return undefined;
  const { architecture, fileName, name, version } = what;
  const reason = `deleted already, ${new Date(atMs).toISOString()}${by === undefined ? '' : ` by ${by}`}`;
  return { architecture, fileName, name, version, digest, size, outcome: 'unchanged', reason };
}

/** Why these packages leave the index, as this caller says it, and until when their bytes can be fetched. */
export function keepingOf(work: Work, why: Keeping['why'], { reason, isNow = false }: ChangeOptions): Keeping {
  const at = work.stamp();
  const isFetchable = !isNow && work.deleteGraceMs > 0;
  const fetchableUntil = isFetchable ? stampOf(at + work.deleteGraceMs) : undefined;
  return { why, at, by: work.caller.name, reason, fetchableUntil };
}

/** Has nobody fetch what these tags keep, or held; what was withdrawn can be restored still. */
export async function barAll(work: Work, tags: readonly { readonly tag: string }[]): Promise<void> {
  const { image, artifacts, time } = work;
  await inParallel(tags, concurrency, async ({ tag }) => {
    await putBar(artifacts, image, tag, time.call());
    time.renew();
  });
}

/** Has nobody fetch or restore what these tags keep. */
export async function endKeeping(work: Work, kept: readonly Pick<KeptPackage, 'tag'>[]): Promise<void> {
  const { image, artifacts, time } = work;
  await inParallel(kept, concurrency, async ({ tag }) => {
    await dropKept(artifacts, image, tag, time.call());
    time.renew();
  });
}
