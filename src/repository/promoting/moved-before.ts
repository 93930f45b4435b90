import { compareVersions } from '../../apk/version.ts';
import type { Look } from '../live/look.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import { nothingSelected } from '../pushing/change-answer.ts';
import { choosePackages, nameOf, newestOfEach } from './package-choice.ts';
import { listedIn, type Offer, type Offered } from './source-packages.ts';

/**
 * A move that died after its first packages left the source is tried again: of those a name means an older version there by now, or
 * none, while the target lists what was meant. Returns what is still to be moved, and what is in the target already. Throws
 * PACKAGE_UNKNOWN for what is in neither.
 */
export function withoutMoved(
  offer: Offer,
  from: RepositoryCoordinates,
  before: Look,
): { readonly offer: Offer; readonly moved: readonly Offered[] } {
  const there = [...listedIn(before).values()].flat();
  const gone = choosePackages(there, offer.missing);
  if (gone.missing.length > 0) throw nothingSelected(gone.missing, from);
  const newest = new Map(newestOfEach(there).map((one) => [nameOf(one), one]));
  const newerThan = (one: Offered) => {
    const known = newest.get(nameOf(one));
    return known !== undefined && compareVersions(known.entry.version, one.entry.version) > 0 ? known : undefined;
  };
  const isMovedBefore = (one: Offered) => offer.newest.has(one) && newerThan(one) !== undefined;
  const chosen = offer.chosen.filter((one) => !isMovedBefore(one));
  const moved = offer.chosen.filter(isMovedBefore).flatMap((one) => newerThan(one) ?? []);
  return { offer: { ...offer, chosen }, moved: [...gone.found, ...moved] };
}
