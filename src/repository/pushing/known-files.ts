import { GatewayError } from '../../errors.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import type { LiveTag } from '../live/live-set.ts';
import type { Look, Scope } from '../live/look.ts';
import { resolveName, rivalsOf } from '../live/names.ts';
import { createMending } from '../publishing/participant.ts';
import { nameTaken } from '../publishing/refusals.ts';
import type { Work } from './work.ts';

export interface Sorted<T> {
  /** Files that get a tag of their own. */
  readonly fresh: readonly T[];
  /** Files that are there already, as they were pushed. */
  readonly unchanged: readonly T[];
}

export interface Sorting<T> {
  readonly scope: Scope;
  /** Whether the same bytes may be there. */
  readonly mayExist: boolean;
  /** Gives the registry the bytes of a file again. */
  readonly bringBack: (file: T) => Promise<void>;
}

/**
 * Sorts the files of a push by who has their names; a file that was lost behind its name is brought back. Throws
 * PACKAGE_EXISTS, but only once the index covers what is there.
 */
export async function sortOut<T extends { readonly pkg: PackageRecord }>(
  work: Work,
  before: Look,
  files: readonly T[],
  { scope, mayExist, bringBack }: Sorting<T>,
): Promise<Sorted<T>> {
  const taken = takenIn(before, files);
  const hasTwins = files.some(({ pkg }) => heldTwins(before, pkg).length > 0);
  if (taken.length > 0 || hasTwins) await mend(work, before, scope);
  if (taken.length > 0) throw takenFault(before, taken);
  const fresh: T[] = [];
  const unchanged: T[] = [];
  for (const file of files) {
    const isThere = await isFound(work, heldTwins(before, file.pkg));
    if (!isThere) fresh.push(file);
    else if (!(await isBroughtBack(work, file, bringBack))) unchanged.push(file);
  }
  if (unchanged.length > 0 && !mayExist) throw nameTaken(unchanged, true);
  return { fresh, unchanged };
}

/** What sorting would say of files, by a look alone and without asking anything. Throws PACKAGE_EXISTS as that does. */
export function foresee<T extends { readonly pkg: PackageRecord }>(before: Look, files: readonly T[]): Sorted<T> {
  const taken = takenIn(before, files);
  if (taken.length > 0) throw takenFault(before, taken);
  const isThere = ({ pkg }: T) => heldTwins(before, pkg).length > 0;
  return { fresh: files.filter((file) => !isThere(file)), unchanged: files.filter(isThere) };
}

/** Files whose names others have, with other bytes. */
function takenIn<T extends { readonly pkg: PackageRecord }>(before: Look, files: readonly T[]): readonly T[] {
  return files.filter(({ pkg }) => ownersOf(before, pkg).some((owner) => owner.pkg.digest !== pkg.digest));
}

function takenFault(before: Look, taken: readonly { readonly pkg: PackageRecord }[]): GatewayError {
  const owners = taken.flatMap(({ pkg }) => ownersOf(before, pkg).map((owner) => owner.pkg));
  return nameTaken(taken, false, owners);
}

/** Resolves once the indexes cover what is there, where they don't as a look has shown. */
export async function mend({ image, loop, time }: Work, before: Look, scope: Scope): Promise<void> {
  const mending = createMending(image, scope);
  if ((await mending.settle(before)) !== 'done') await loop.join(mending, time);
}

function ownersOf({ live, facts }: Look, pkg: PackageRecord): readonly LiveTag[] {
  const twins = live.named(pkg.fileName).filter((other) => isTwin(other.pkg, pkg));
  return resolveName([...rivalsOf(live, pkg), ...twins], live, facts).owner;
}

/**
 * Tags because of which somebody can be told that these bytes are there: the registry lists them, and nobody will ever withdraw
 * them. In every other case the same bytes get a tag of their own.
 */
function heldTwins({ live, facts }: Look, pkg: PackageRecord): readonly LiveTag[] {
  return live
    .named(pkg.fileName)
    .filter((one) => isTwin(one.pkg, pkg) && facts.isHeld(one.tag) && !live.unshown.has(one.tag));
}

/** Whether one of the tags is there right now. */
async function isFound({ image, time }: Work, tags: readonly LiveTag[]): Promise<boolean> {
  for (const { tag } of tags) if ((await image.resolve(tag, time.call())) !== undefined) return true;
  return false;
}

/** Has a file brought back that the registry can't deliver any more; whether it was one. */
async function isBroughtBack<T extends { readonly pkg: PackageRecord }>(
  { image, time }: Work,
  file: T,
  bringBack: (file: T) => Promise<void>,
): Promise<boolean> {
  const { digest, entry } = file.pkg;
  const blob = { digest, size: entry.fileSize };
  if (await image.isReadable(blob, time.call())) return false;
  await bringBack(file);
  if (await image.isReadable(blob, time.call())) return true;
  throw new GatewayError('STORE_UNAVAILABLE', `the registry takes ${digest} and can't deliver it`, {
    details: { digest },
  });
}

/** Whether two records are of the same bytes. */
export function isTwin(a: PackageRecord, b: PackageRecord): boolean {
  return a.digest === b.digest && a.architecture === b.architecture;
}
