import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { LiveTag } from '../live/live-set.ts';
import type { Look } from '../live/look.ts';
import { gravesOf } from '../live/pushed-files.ts';
import { readGrave } from './burial.ts';

/**
 * Whether something of these names lived and was deleted since the look before their put. Whoever saw it beside these tags may be
 * about to bury them; only of what its own pusher withdrew nobody ever built on.
 */
export function createGraveWatch(
  image: ImageStore,
  before: Look,
  own: readonly LiveTag[],
): (look: Look, call: CallOptions) => Promise<boolean> {
  const known = new Set(gravesOf(before, own));
  return async (look, call) => {
    for (const grave of gravesOf(look, own)) {
      if (known.has(grave)) continue;
      if ((await readGrave(image, grave, call)).reason !== 'withdrawn') return true;
      known.add(grave);
    }
    return false;
  };
}
