import { hash } from 'node:crypto';
import { stampOf, type Stamp } from '../../time/stamps.ts';
import type { Group, RepositoryCoordinates } from '../../protocol/coordinates.ts';

/**
 * The names of everything this program keeps in an image. A package tag is
 *
 *     <group hash>-p-<readable>-<content hash><seconds><random>
 *         10            <= 50        26           7        6      base32 characters
 *
 * Lower-case only (Gitea folds case), of fixed length at the end (a listing of distribution 3.1 on S3 drops tags that are
 * prefixes of others), at most 128 characters (distribution-spec, Pulling manifests). A tombstone is the same tag with
 * `-d-`: proof that the package's tag is dead, where it can't be removed or was removed lately. With `-k-` it keeps the bytes of
 * one that was deleted, with `-w-` those of one that was withdrawn; `-n-` says that nobody fetches them from now on, whatever
 * those two say.
 */
export interface PackageTag {
  readonly tag: string;
  readonly groupHash: string;
  readonly kind: TagKind;
  /** 26 characters of a hash of group, file name and identity. */
  readonly contentHash: string;
  /** When the tag was made, by the clock of the registry, in seconds since 1970. */
  readonly seconds: number;
}

/** What a tag of a group's is for. */
export type TagKind = 'package' | 'tombstone' | 'kept' | 'withdrawn' | 'barred';

const kindsByLetter: ReadonlyMap<string, TagKind> = new Map([
  ['p', 'package'],
  ['d', 'tombstone'],
  ['k', 'kept'],
  ['w', 'withdrawn'],
  ['n', 'barred'],
]);

/** Base32 whose digits sort as their values do, so that tags of one content sort by age. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const groupHashLength = 10;
const contentHashLength = 26;
const secondsLength = 7;
const randomLength = 6;
const dash = 0x2d;
const kindsByCode = new Map([...kindsByLetter].map(([letter, kind]) => [letter.charCodeAt(0), kind]));
const endingLength = contentHashLength + secondsLength + randomLength;
const tagPattern = new RegExp(
  `^[${alphabet}]{${groupHashLength}}-[pdkwn]-[a-z0-9_.-]{1,50}-[${alphabet}]{${endingLength}}$`,
);
const freshPattern = new RegExp(`^[${alphabet}]{${secondsLength + randomLength}}$`);

/** The hash that begins every tag of a group, so that a group's tags stand together in any collation. */
export function groupHash(group: Omit<Group, 'image'>): string {
  return base32(hashOf(group.branch, group.repository, group.architecture), groupHashLength);
}

/** A tag for one push of a package, that no other push ever has. `random` gives that many random bytes. */
export function newPackageTag(
  group: Omit<Group, 'image'>,
  pkg: { readonly fileName: string; readonly identity: string },
  now: Stamp,
  random: (bytes: number) => Uint8Array,
): string {
  const seconds = encodeSeconds(Math.floor(now / 1000));
  return packageTagOf(group, pkg, seconds + base32(random(Math.ceil((randomLength * 5) / 8)), randomLength));
}

/** The tag of a package whose fresh part is known: all else in it follows from the package. */
export function packageTagOf(
  group: Omit<Group, 'image'>,
  pkg: { readonly fileName: string; readonly identity: string },
  freshPart: string,
): string {
  const { branch, repository, architecture } = group;
  const content = hashOf(branch, repository, architecture, pkg.fileName, pkg.identity);
  return `${groupHash(group)}-p-${readableName(pkg.fileName)}-${base32(content, contentHashLength)}${freshPart}`;
}

/** The end of a package tag that makes it unlike any other: when it was made, and chance. */
export function freshPartOf(tag: string): string {
  return tag.slice(-secondsLength - randomLength);
}

/** Package tags, the one that was made last first. */
export function latestFirst(tags: readonly string[]): readonly string[] {
  return tags.toSorted((a, b) => (freshPartOf(a) < freshPartOf(b) ? 1 : -1));
}

/** Whether a tag of a package, living or dead, may be of a file of that name, by its part for people. */
export function mayBear(tag: string, fileName: string): boolean {
  return readablePartOf(tag) === readableName(fileName);
}

/** What a tag says, or undefined where it is none of a package's, living or dead. */
export function parsePackageTag(tag: string): PackageTag | undefined {
  const kind = peekKind(tag);
  if (kind === undefined || !tagPattern.test(tag)) return undefined;
  const secondsAt = tag.length - secondsLength - randomLength;
  return {
    tag,
    groupHash: tag.slice(0, groupHashLength),
    kind,
    contentHash: tag.slice(secondsAt - contentHashLength, secondsAt),
    seconds: decodeSeconds(tag.slice(secondsAt, secondsAt + secondsLength)),
  };
}

/** Whether `text` can be the end of a package tag. */
export function isFreshPart(text: unknown): text is string {
  return typeof text === 'string' && freshPattern.test(text);
}

/** When a package tag was made. */
export function tagStamp(tag: string): Stamp {
  const secondsAt = tag.length - secondsLength - randomLength;
  return stampOf(decodeSeconds(tag.slice(secondsAt, secondsAt + secondsLength)) * 1000);
}

/** The tombstone of a package tag. */
export function tombstoneOf(tag: string): string {
  return `${tag.slice(0, groupHashLength)}-d-${tag.slice(groupHashLength + 3)}`;
}

/** The package tag that a tombstone buries. */
export function buriedBy(tombstone: string): string {
  return `${tombstone.slice(0, groupHashLength)}-p-${tombstone.slice(groupHashLength + 3)}`;
}

/** The tag that keeps what a package tag holds beyond its death. */
export function keptTagOf(tag: string, kind: 'kept' | 'withdrawn'): string {
  return `${tag.slice(0, groupHashLength)}-${kind === 'kept' ? 'k' : 'w'}-${tag.slice(groupHashLength + 3)}`;
}

/** The tag that says of what a package tag held, or what one beside it keeps, that nobody fetches it. */
export function barOf(tag: string): string {
  return `${tag.slice(0, groupHashLength)}-n-${tag.slice(groupHashLength + 3)}`;
}

/** The package tag that a kept, withdrawn or barred one is beside. */
export function keptBy(tag: string): string {
  return buriedBy(tag);
}

/** The same for all tags of one content under one name in one group, whatever they are for. */
export function contentKeyOf(tag: string): string {
  return tag.slice(0, groupHashLength) + tag.slice(-endingLength, -secondsLength - randomLength);
}

/** The part of a tag for people: a file's name without its ending, as far as tags can hold it. */
export function readablePartOf(tag: string): string {
  return tag.slice(groupHashLength + 3, -endingLength - 1);
}

/** A quick look at a listed tag, without checking its whole grammar: a listing may have 100,000 of them. */
export function peekTag(tag: string): { groupHash: string; kind: TagKind } | undefined {
  const kind = peekKind(tag);
  return kind && { groupHash: tag.slice(0, groupHashLength), kind };
}

/** The same, of which only the kind is told: that makes no object. */
export function peekKind(tag: string): TagKind | undefined {
  if (tag.charCodeAt(groupHashLength) !== dash || tag.charCodeAt(groupHashLength + 2) !== dash) return undefined;
  return kindsByCode.get(tag.charCodeAt(groupHashLength + 1));
}

/** The tag of a group's index artifact. */
export function indexTag(group: Omit<Group, 'image'>): string {
  return `${indexTagPrefix(group)}${readable(group.architecture, 40)}-${groupHash(group)}`;
}

/** The architecture that an index tag of this repository names, proven by its hash; undefined for any other tag. */
export function architectureOfIndexTag(at: Omit<RepositoryCoordinates, 'image'>, tag: string): string | undefined {
  const prefix = indexTagPrefix(at);
  if (!tag.startsWith(prefix) || tag.length <= prefix.length + groupHashLength + 1) return undefined;
  const architecture = tag.slice(prefix.length, -groupHashLength - 1);
  const hash = groupHash({ branch: at.branch, repository: at.repository, architecture });
  return tag.endsWith(`-${hash}`) ? architecture : undefined;
}

/** The group hash at the end of an index tag; undefined for any other tag. */
export function groupHashOfIndexTag(tag: string): string | undefined {
  return tag.startsWith('index-') && tag.at(-groupHashLength - 1) === '-' ? tag.slice(-groupHashLength) : undefined;
}

function indexTagPrefix(at: Omit<RepositoryCoordinates, 'image'>): string {
  return `index-${readable(at.branch, 30)}-${readable(at.repository, 30)}-`;
}

/** What that part is, or begins with, of a file whose name is or begins so. */
export function readableName(fileName: string): string {
  return readable(fileName.replace(/\.apk$/, ''), 50);
}

/** A name as a part of a tag that people can read: lower-case, cut to `maxLength`. */
export function readable(text: string, maxLength: number): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9_.-]/g, '_')
    .slice(0, maxLength);
}

/** SHA-256 of parts that hold no NUL. */
export function hashOf(...parts: readonly string[]): Uint8Array {
  return hash('sha256', parts.join('\0'), 'buffer');
}

/** The first `length` base32 digits of some bytes. */
export function base32(bytes: Uint8Array, length: number): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5 && text.length < length) {
      bits -= 5;
      text += alphabet.charAt((value >> bits) & 31);
    }
    value &= (1 << bits) - 1;
  }
  return text;
}

/** Seconds since 1970 in seven base32 digits, and back. */
export function encodeSeconds(seconds: number): string {
  let text = '';
  let rest = seconds;
  for (let i = 0; i < secondsLength; i++) {
    text = alphabet.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** What `encodeSeconds` has written. */
export function decodeSeconds(text: string): number {
  let seconds = 0;
  for (const digit of text) seconds = seconds * 32 + Math.max(0, alphabet.indexOf(digit));
  return seconds;
}
