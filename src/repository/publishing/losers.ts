import type { Log } from '../../ports.ts';
import type { CallOptions } from '../../store/store.ts';
import { undeadIn } from '../live/absence.ts';
import type { Look } from '../live/look.ts';
import { losersIn } from '../live/names.ts';
import type { Sightings } from '../live/sightings.ts';
import type { Burial } from './burial.ts';
import type { Participant } from './participant.ts';

/**
 * Buries the tags that can't have their names any more and whose own pushers had the time to do so: then the set tells again by
 * itself whose a name is.
 */
export async function clearLosers(
  deps: { readonly burial: Burial; readonly sightings: Sightings; readonly log: Log },
  { image }: Participant,
  look: Look,
  call: CallOptions,
): Promise<void> {
  const losers = losersIn(look.live, look.facts).filter(({ tag }) => deps.sightings.isOverdue(tag));
  if (losers.length === 0) return;
  deps.log.warn({ image: image.image, tags: losers.map(({ tag }) => tag) }, 'burying tags that lost their names');
  await Promise.all(losers.map(({ tag }) => deps.burial.bury(image, tag, 'deleted', call)));
}

/**
 * Buries again what this replica has buried, where the registry lost the tombstone that it took and shows the tag: to all others
 * that is a living rival of what this replica believes to be alone.
 */
export async function buryAgain(
  { burial, sightings }: { readonly burial: Burial; readonly sightings: Sightings },
  { image }: Participant,
  { listing }: Look,
  call: CallOptions,
): Promise<void> {
  const buried = sightings.buriedTags();
  if (buried.length === 0) return;
  const shown = new Set(listing);
  const risen = await undeadIn(
    image,
    listing,
    buried.filter((tag) => shown.has(tag)).map((tag) => ({ tag })),
    call,
  );
  await Promise.all(risen.map(({ tag }) => burial.bury(image, tag, 'withdrawn', call)));
}
