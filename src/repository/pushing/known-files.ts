import { GatewayError } from '../../errors.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import type { LiveTag } from '../live/live-set.ts';
import type { Look, Scope } from '../live/look.ts';
import { resolveName, rivalsOf } from '../live/names.ts';
import { createMending } from '../publishing/participant.ts';
import type { PushedFile } from './publish.ts';
import { uploadAnew } from './put-files.ts';
import { nameTaken } from '../publishing/refusals.ts';
import type { Work } from './work.ts';

export interface Sorted {
  /** Files that get a tag of their own. */
  readonly fresh: readonly PushedFile[];
  /** Files that are there already, as they were pushed. */
  readonly unchanged: readonly PushedFile[];
}

/**
 * Sorts the files of a push by who has their names; a file that was lost behind its name is brought back. Throws
 * PACKAGE_EXISTS, but only once the index covers what is there: `mayExist` says whether the same bytes may be there.
 */
export async function sortOut(
  work: Work,
  before: Look,
  files: readonly PushedFile[],
  { scope, mayExist }: { readonly scope: Scope; readonly mayExist: boolean },
): Promise<Sorted> {
  const taken = files.filter(({ pkg }) => ownersOf(before, pkg).some((owner) => owner.pkg.digest !== pkg.digest));
  const hasTwins = files.some(({ pkg }) => heldTwins(before, pkg).length > 0);
  if (taken.length > 0 || hasTwins) await mend(work, before, scope);
  if (taken.length > 0) {
    const owners = taken.flatMap(({ pkg }) => ownersOf(before, pkg).map((owner) => owner.pkg));
    throw nameTaken(taken, false, owners);
  }
  const fresh: PushedFile[] = [];
  const unchanged: PushedFile[] = [];
  for (const file of files) {
    const isThere = await isFound(work, heldTwins(before, file.pkg));
    if (!isThere) fresh.push(file);
    else if (!(await bringBack(work, file))) unchanged.push(file);
  }
  if (unchanged.length > 0 && !mayExist) throw nameTaken(unchanged, true);
  return { fresh, unchanged };
}

async function mend({ image, loop, time }: Work, before: Look, scope: Scope): Promise<void> {
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

/** Uploads a file again that the registry can't deliver any more; whether it was one. */
async function bringBack(work: Work, { staged }: PushedFile): Promise<boolean> {
  const { image, time } = work;
  if (await image.isReadable(staged.source, time.call())) return false;
  await uploadAnew(work, staged);
  if (await image.isReadable(staged.source, time.call())) return true;
  const { digest } = staged.source;
  throw new GatewayError('STORE_UNAVAILABLE', `the registry takes ${digest} and can't deliver it`, {
    details: { digest },
  });
}

function isTwin(a: PackageRecord, b: PackageRecord): boolean {
  return a.digest === b.digest && a.architecture === b.architecture;
}
