import { isGatewayError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import { lease } from '../../time/lease.ts';
import { msSince, type MonotonicClock, type MonotonicMs } from '../../time/monotonic.ts';
import { isKeyTag, keyTagOfFileName } from './key-artifact.ts';
import type { KeySeal } from './key-seal.ts';
import { readKeyTag, type ImageKey, type KeyTagContent } from './image-key-tags.ts';
import type { SigningKeysOptions } from './signing-keys.ts';

/** All that was found under an image's key tags at one time. */
export interface ImageKeyRing {
  /** The oldest first, then the one of the smallest id: the same order on every replica. */
  readonly keys: readonly ImageKey[];
  /** Tags that hold a key which this gateway can't open. */
  readonly locked: readonly string[];
  /** Every tag that was looked at, also where there was none. */
  readonly found: ReadonlyMap<string, FoundKeyTag>;
  readonly readAt: MonotonicMs;
}

interface FoundKeyTag {
  /** Of its manifest; undefined for a tag that isn't there, and for an own key just put. */
  readonly digest: Digest | undefined;
  readonly content: KeyTagContent;
  /** Since when the store says that it isn't there, where it was found before. */
  readonly missedAt?: MonotonicMs | undefined;
}

/** An image has one key, and a few while they are rotated; past that somebody plants them, and each costs work to open. */
export const maxKeyTags = 64;

/** A ring of what was found under each tag. */
export function ringOf(found: ReadonlyMap<string, FoundKeyTag>, readAt: MonotonicMs): ImageKeyRing {
  const entries = [...found];
  const keys = entries.flatMap(([, { content }]) => (typeof content === 'string' ? [] : [content]));
  const locked = entries.flatMap(([tag, { content }]) => (content === 'locked' ? [tag] : []));
  return { keys: keys.sort(byAge), locked, found, readAt };
}

/** The key tags that the names of an index's signers lead to; names that aren't this image's keys lead nowhere. */
export function signerTags(image: string, signers: readonly string[] = []): readonly string[] {
  return signers.flatMap((name) => keyTagOfFileName(image, name) ?? []);
}

/**
 * Reads an image's key tags: those listed, those that `signers` name, those known before. A tag whose manifest is the one
 * that was read before isn't opened again. Undefined where there are more than 64. Throws the store's faults.
 */
export async function readImageKeyRing(
  deps: { readonly store: ImageStore; readonly seal: KeySeal; readonly clock: MonotonicClock },
  known: ImageKeyRing | undefined,
  options: SigningKeysOptions,
): Promise<ImageKeyRing | undefined> {
  const { store, clock } = deps;
  const readAt = clock.monotonicMs();
  const named = signerTags(store.image, options.signers);
  const listed = await listKeyTags(store, options, named.length > 0);
  const tags = new Set([...named, ...listed, ...(known?.keys ?? []).map(({ tag }) => tag)]);
  if (tags.size > maxKeyTags) return undefined;
  const found = await Promise.all(
    [...tags].map(async (tag) => [tag, await look(deps, tag, known?.found.get(tag), options)] as const),
  );
  return ringOf(new Map(found), readAt);
}

async function listKeyTags(store: ImageStore, { signal }: CallOptions, mayFail: boolean): Promise<readonly string[]> {
  try {
    return (await store.tags({ signal })).filter(isKeyTag);
  } catch (error) {
    // Some may read and not list: the signers of the index that they read name the keys.
    if (mayFail && isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) return [];
    throw error;
  }
}

async function look(
  { store, seal, clock }: { readonly store: ImageStore; readonly seal: KeySeal; readonly clock: MonotonicClock },
  tag: string,
  before: FoundKeyTag | undefined,
  { signal }: CallOptions,
): Promise<FoundKeyTag> {
  const call = { signal };
  if (before === undefined) return (await readKeyTag(store, seal, tag, call)) ?? absent;
  const now = await store.resolve(tag, call);
  if (now !== undefined && now.digest === before.digest) return { ...before, missedAt: undefined };
  if (now !== undefined) return (await readKeyTag(store, seal, tag, call)) ?? absent;
  if (typeof before.content === 'string') return absent;
  // Said once it is no proof: reads by name lag, and a registry may forget for a moment.
  const missedAt = before.missedAt ?? clock.monotonicMs();
  return msSince(clock, missedAt) >= lease.absenceApartMs ? absent : { ...before, missedAt };
}

const absent: FoundKeyTag = { digest: undefined, content: 'foreign' };

function byAge(a: ImageKey, b: ImageKey): number {
  return a.madeAt - b.madeAt || (a.keyId < b.keyId ? -1 : 1);
}
