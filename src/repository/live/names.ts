import { NOARCH } from '../../apk/architectures.ts';
import { grouped } from '../../apk/providing/grouped.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import { tagStamp } from '../artifacts/package-tag.ts';
import type { LiveSet, LiveTag } from './live-set.ts';

/** What is known of live tags beside that they live. */
export interface NameFacts {
  /** Whether the tag's pusher never withdraws it any more: it saw it listed, and no rival. */
  readonly isHeld: (tag: string) => boolean;
  /** Whether the index of the architecture that it was made for lists it. */
  readonly isListed: (live: LiveTag) => boolean;
  /** Whether that index says so, though none of this replica's keys signed it. */
  readonly isClaimed: (live: LiveTag) => boolean;
  /** Whether this replica acknowledged it lately. */
  readonly standsBy: (tag: string) => boolean;
}

/** Who has a name among the contents that compete for it. */
export interface Names {
  /** The live tags of the content that has it, twins of each other, the smallest first; none where nothing competes. */
  readonly owner: readonly LiveTag[];
  /** The live tags of all other contents. */
  readonly losers: readonly LiveTag[];
}

/** Whether a package of this architecture may bear a name that one of another architecture bears: not where one is noarch. */
function sharesNames(a: string, b: string): boolean {
  return a === b || a === NOARCH || b === NOARCH;
}

/** Whether only one of the two can have its name. */
export function areRivals(a: PackageRecord, b: PackageRecord): boolean {
  return a.fileName === b.fileName && a.digest !== b.digest && sharesNames(a.architecture, b.architecture);
}

/** The live tags of other content under a name that `pkg` claims. */
export function rivalsOf(live: LiveSet, pkg: PackageRecord): readonly LiveTag[] {
  return live.named(pkg.fileName).filter((other) => areRivals(other.pkg, pkg));
}

/** The live tags that compete for a name in the index of an architecture: its own and noarch's. */
export function competingFor(live: LiveSet, fileName: string, architecture: string): readonly LiveTag[] {
  return live.named(fileName).filter(({ pkg }) => pkg.architecture === architecture || pkg.architecture === NOARCH);
}

/**
 * Who has a name. Every replica that has seen the same says the same: a content that the registry shows goes before one that
 * lives by hearsay, a held one before one that isn't, then what this replica acknowledged lately, what the index lists, what one
 * signed by foreign keys lists, what was made first, and the smaller tag.
 */
export function resolveName(competing: readonly LiveTag[], live: LiveSet, facts: NameFacts): Names {
  const twins = grouped(competing.map((one) => [`${one.pkg.architecture} ${one.pkg.digest}`, one]));
  const ranked = [...twins.values()]
    .map((tags) => rank([...tags].sort(bySize), live, facts))
    .sort((a, b) => compare(a.rank, b.rank) || bySize(a.tags[0], b.tags[0]));
  const [best, ...others] = ranked;
  return { owner: best?.tags ?? [], losers: others.flatMap(({ tags }) => tags) };
}

/** The live tags of names that several contents claim in an index of `architecture`. */
export function contestedTags(live: LiveSet, architecture: string): readonly string[] {
  return [...contestableNames(live)].flatMap((fileName) => {
    const tags = competingFor(live, fileName, architecture);
    return tags.some((one) => tags.some((other) => areRivals(one.pkg, other.pkg))) ? tags.map(({ tag }) => tag) : [];
  });
}

/**
 * The live tags that nobody will ever be told of: the registry shows a rival that is held, and whoever looks while that lives
 * withdraws. A held one among them, as listings that lag let happen, is none.
 */
export function losersIn(live: LiveSet, facts: NameFacts): readonly LiveTag[] {
  return [...contestableNames(live)].flatMap((fileName) => {
    const tags = live.named(fileName);
    const proven = tags.filter(({ tag }) => facts.isHeld(tag) && !live.unshown.has(tag));
    return tags.filter((one) => !facts.isHeld(one.tag) && proven.some(({ pkg }) => areRivals(pkg, one.pkg)));
  });
}

/**
 * Of what the indexes list the tags that can't stand beside the others: two indexes may list two rivals until one withdraws. Of
 * rivals the one stays that has the name.
 */
export function clashingTags(live: LiveSet, facts: NameFacts, listed: ReadonlySet<string>): ReadonlySet<string> {
  const clashing = new Set<string>();
  for (const fileName of contestableNames(live)) {
    let rest = live.named(fileName).filter(({ tag }) => listed.has(tag));
    while (rest.length > 1) {
      const [owner] = resolveName(rest, live, facts).owner;
      if (owner === undefined) break;
      const isRival = ({ pkg }: LiveTag) => areRivals(pkg, owner.pkg);
      for (const { tag } of rest.filter(isRival)) clashing.add(tag);
      rest = rest.filter((one) => one !== owner && !isRival(one));
    }
  }
  return clashing;
}

/** One index lists one content of a name: a rival is listed by none, or another index disagrees about noarch. */
function contestableNames(live: LiveSet): ReadonlySet<string> {
  const { listed } = live;
  const names = new Set(live.crowdedNames());
  if (listed.length < 2) return names;
  for (const content of listed) {
    for (const { pkg } of content.files()) if (pkg.architecture === NOARCH) names.add(pkg.fileName);
  }
  return names;
}

function rank(tags: readonly LiveTag[], live: LiveSet, { isHeld, isListed, isClaimed, standsBy }: NameFacts) {
  const some = (is: (live: LiveTag) => boolean) => (tags.some(is) ? 0 : 1);
  return {
    tags,
    rank: [
      some(({ tag }) => !live.unseen.has(tag)),
      some(({ tag }) => isHeld(tag)),
      some(({ tag }) => standsBy(tag)),
      some(isListed),
      // Whoever can put an index can put rivals too; a replica with other keys knows no better than what it says.
      some(isClaimed),
      Math.min(...tags.map(({ tag }) => tagStamp(tag))),
    ],
  };
}

function compare(a: readonly number[], b: readonly number[]): number {
  return a.map((one, i) => one - (b[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

function bySize(a: LiveTag | undefined, b: LiveTag | undefined): number {
  return (a?.tag ?? '') < (b?.tag ?? '') ? -1 : 1;
}
