import { NOARCH } from '../../apk/architectures.ts';
import { mayBear, peekKind, peekTag } from '../artifacts/package-tag.ts';
import type { LiveTag } from './live-set.ts';
import type { Look } from './look.ts';
import { rivalsOf } from './names.ts';

/** Whether a look's listing shows the tags of all these files. */
export function areShown({ listing }: Look, files: readonly LiveTag[]): boolean {
  const wanted = new Set(files.map(({ tag }) => tag));
  for (const tag of listing) if (wanted.delete(tag) && wanted.size === 0) return true;
  return wanted.size === 0;
}

/** Whether every index that is to list them lists the tags of these files, which live. */
export function areListed(look: Look, files: readonly LiveTag[]): boolean {
  return files.every(({ tag, pkg }) => {
    const wanted = pkg.architecture === NOARCH ? look.architectures : [pkg.architecture];
    return look.live.has(tag) && wanted.every((architecture) => look.isListed(architecture, tag));
  });
}

/** The live tags of other content under the names of these files. */
export function rivalsOfAll({ live }: Look, files: readonly LiveTag[]): readonly LiveTag[] {
  return files.flatMap(({ pkg }) => rivalsOf(live, pkg));
}

/** Whether the registry shows of each file a held tag of the same bytes. */
export function haveHeldTwins({ live, facts }: Look, files: readonly LiveTag[]): boolean {
  return files.every(({ tag, pkg }) =>
    live
      .named(pkg.fileName)
      .some(
        (other) =>
          other.tag !== tag &&
          other.pkg.digest === pkg.digest &&
          facts.isHeld(other.tag) &&
          !live.unshown.has(other.tag),
      ),
  );
}

/** The tombstones that a look shows and that may be of the names of these files. */
export function gravesOf(look: Look, files: readonly LiveTag[]): readonly string[] {
  return look.listing.filter(
    (tag) => peekKind(tag) === 'tombstone' && files.some((file) => mayConcern(look, tag, file)),
  );
}

/** Whether a look shows tags that may be rivals of these files, and whose content nobody could tell yet. */
export function areDoubtful(look: Look, files: readonly LiveTag[]): boolean {
  return [...look.live.unread].some((tag) => files.some((file) => mayConcern(look, tag, file)));
}

/** Whether a tag or a tombstone may be of a file that this one can't stand beside. */
function mayConcern({ groups }: Look, other: string, { tag, pkg }: LiveTag): boolean {
  if (!mayBear(other, pkg.fileName)) return false;
  const group = peekTag(other)?.groupHash ?? '';
  return pkg.architecture === NOARCH
    ? [...groups.values()].includes(group)
    : [peekTag(tag)?.groupHash, groups.get(NOARCH)].includes(group);
}
