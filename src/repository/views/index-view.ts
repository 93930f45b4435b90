import { NOARCH } from '../../apk/architectures.ts';
import { signatureMember } from '../../apk/index/signature-member.ts';
import type { Signature } from '../../apk/signature.ts';
import { GatewayError } from '../../errors.ts';
import { digestOf, hexOf, type Digest } from '../../oci/digest.ts';
import type { Clock } from '../../ports.ts';
import type { Group } from '../../protocol/coordinates.ts';
import type { MonotonicMs } from '../../time/monotonic.ts';
import { indexTag, peekKind, peekTag } from '../artifacts/package-tag.ts';
import { contentPieces, type IndexContent } from '../index/index-content.ts';
import { lastModifiedOf } from '../index/last-modified.ts';
import type { SignIndex } from '../publishing/index-writer.ts';
import type { Look } from '../live/look.ts';
import type { SigningKey } from '../keys/signing-keys.ts';
import { isDamaged, type StoredIndex } from '../index/stored-index.ts';

/** An index as it goes out to all who read it. */
export interface IndexView {
  /** The stored version that it was made from; undefined where there was none. */
  readonly digest: Digest | undefined;
  /** What it lists; undefined where the stored one could neither be compared nor be believed. */
  readonly content: IndexContent | undefined;
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly etag: string;
  /** When the stored version was put, in ms since 1970; undefined for one that was mended, which has no time of its own. */
  readonly createdMs: number | undefined;
  /** Whether it is made of many tags each time: an index was to be there that is of no use, being lost, damaged or of foreign keys. */
  readonly isFromScratch: boolean;
  /** Undefined where `createdMs` is, and where it would lie in the future. */
  readonly lastModified: Date | undefined;
  /** When the look that it was made from began. */
  readonly comparedMs: MonotonicMs;
  readonly isUnverified: boolean;
  /** Tags that keep bytes of what it may have listed before. */
  readonly kept: readonly string[];
  /** This replica's own, by which it is signed, among others' perhaps. */
  readonly keys: readonly SigningKey[];
}

/** What a look has shown of one architecture's index: no more than a view needs, so that the look itself can go. */
export interface ComparedIndex {
  readonly stored: StoredIndex | undefined;
  /** What lists the live set. */
  readonly content: IndexContent;
  readonly isCovered: boolean;
  readonly isFromScratch: boolean;
  /** Whether it has packages of its own, or tombstones tell that it had some. */
  readonly hadPackages: boolean;
  /** Tags that keep bytes of what is dead, noarch's among them. */
  readonly kept: readonly string[];
  readonly keys: readonly SigningKey[];
  /** When the look began. */
  readonly beganMs: MonotonicMs;
}

/** Of fewer tags in all a view is soon made: where that takes long, the registry does. */
const manyTags = 1_000;

/** How views are made. */
export interface ViewMaker {
  readonly sign: SignIndex;
  readonly clock: Pick<Clock, 'now'>;
}

export function comparedIndex(seen: Look, group: Group, beganMs: MonotonicMs): ComparedIndex {
  const { architecture } = group;
  const stored = seen.stored.get(architecture);
  // A garbled answer for an index that no listing shows is no index.
  const isThere = stored !== undefined && (!isDamaged(stored) || seen.listing.includes(indexTag(group)));
  // One that only tombstones tell of has no index: it changes with noarch's.
  const isUseless = isThere ? stored.content === undefined : hasPackages(seen, architecture);
  return {
    stored: isThere ? stored : undefined,
    content: seen.content(architecture),
    isCovered: isThere && seen.isCovered(architecture),
    isFromScratch: seen.listing.length >= manyTags && isUseless,
    hadPackages: isThere || hadPackages(seen, architecture),
    kept: keptIn(seen, architecture),
    keys: seen.keys,
    beganMs,
  };
}

function keptIn({ live, groups }: Look, architecture: string): readonly string[] {
  const hashes = [groups.get(architecture), groups.get(NOARCH)];
  return live.kept.filter((tag) => hashes.includes(peekTag(tag)?.groupHash));
}

function hadPackages(seen: Look, architecture: string): boolean {
  const { listing, groups } = seen;
  const group = groups.get(architecture) ?? '';
  const isBuried = (tag: string) => tag.startsWith(group) && peekKind(tag) === 'tombstone';
  return hasPackages(seen, architecture) || listing.some(isBuried);
}

function hasPackages({ target }: Look, architecture: string): boolean {
  return target(architecture).files.some(({ pkg }) => pkg.architecture === architecture);
}

/**
 * The stored index where it covers the set, else one made and signed in memory, or `last` where that is the same; null where
 * there is nothing. Throws SIGNING_KEY_LOCKED where there is no key to sign with: nothing unsigned goes out.
 */
export async function verifiedView(
  maker: ViewMaker,
  compared: ComparedIndex,
  last?: IndexView,
): Promise<IndexView | null> {
  const { stored, content, keys } = compared;
  // An architecture that never had a package has no index: noarch's answers for it.
  if (stored === undefined && !compared.hadPackages) return null;
  const covering = compared.isCovered ? stored : undefined;
  const facts = {
    digest: stored?.manifestDigest,
    content,
    createdMs: covering?.createdMs,
    isFromScratch: compared.isFromScratch,
    comparedMs: compared.beganMs,
    isUnverified: false,
    kept: compared.kept,
    keys,
  };
  if (covering === undefined && last !== undefined && isMendedAlike(last, facts)) return { ...last, ...facts };
  const pieces = contentPieces(content);
  const signatures = await withOwn(maker.sign, pieces, covering?.signatures ?? [], keys);
  if (signatures.length === 0) {
    throw new GatewayError('SIGNING_KEY_LOCKED', 'there is no key to sign the index with: push a package first');
  }
  return assembleView(maker, pieces, signatures, facts);
}

/** Whether a view that was made in memory has these keys' signatures and no others, of this very content. */
function isMendedAlike(last: IndexView, { content, keys }: Pick<IndexView, 'content' | 'keys'>): boolean {
  const isSameKeys = keys.length === last.keys.length && keys.every((key, i) => key === last.keys[i]);
  return last.createdMs === undefined && last.content === content && isSameKeys;
}

/**
 * The stored index as it is, for those who may not list; null where there is nothing. Own signatures are added only to what
 * one of the own keys signed already: anybody who may push could have put what nobody compared.
 */
export async function unverifiedView(
  maker: ViewMaker,
  stored: StoredIndex | undefined,
  keys: readonly SigningKey[],
  comparedMs: MonotonicMs,
): Promise<IndexView | null> {
  if (stored === undefined) return null;
  const { pieces, content, createdMs, manifestDigest } = stored;
  const signatures =
    content === undefined ? stored.signatures : await withOwn(maker.sign, pieces, stored.signatures, keys);
  if (signatures.length === 0) {
    throw new GatewayError(
      'FORBIDDEN',
      'the stored index is damaged, and these credentials may not list tags to mend it',
    );
  }
  const facts = {
    digest: manifestDigest,
    content,
    createdMs,
    isFromScratch: false,
    comparedMs,
    isUnverified: true,
    kept: [],
    keys,
  };
  return assembleView(maker, pieces, signatures, facts);
}

/** The signatures that go out: this replica's own first, then those of keys that only others hold. */
async function withOwn(
  sign: SignIndex,
  pieces: readonly Uint8Array[],
  stored: readonly Signature[],
  keys: readonly SigningKey[],
): Promise<readonly Signature[]> {
  const has = (key: SigningKey) => stored.some((signature) => signature.keyName === key.fileName);
  if (keys.every(has)) return stored;
  const own = await sign(pieces, keys);
  return [...own, ...stored.filter((signature) => !keys.some((key) => key.fileName === signature.keyName))];
}

/** What goes out of these pieces, so signed. */
export function assembleView(
  { clock }: Pick<ViewMaker, 'clock'>,
  pieces: readonly Uint8Array[],
  signatures: readonly Signature[],
  facts: Omit<IndexView, 'bytes' | 'etag' | 'count' | 'lastModified'>,
): IndexView {
  const bytes = Buffer.concat([signatureMember(signatures), ...pieces]);
  const digest = digestOf(bytes);
  const { content, createdMs } = facts;
  return {
    ...facts,
    bytes,
    etag: `"${hexOf(digest)}"`,
    count: content === undefined ? 0 : content.files().length,
    lastModified: createdMs === undefined ? undefined : lastModifiedOf(createdMs, digest, clock.now()),
  };
}
