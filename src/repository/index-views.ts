import { createHash } from 'node:crypto';
import { signatureMember } from '../apk/signature.ts';
import type { Signature } from '../apk/signature.ts';
import { GatewayError, isGatewayError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { Clock, Log } from '../ports.ts';
import type { CallOptions, ImageStore } from '../store/store.ts';
import { createBoundedMap } from './bounded-map.ts';
import type { Group } from './coordinates.ts';
import { contentPieces, filesOf } from './index-content.ts';
import type { IndexContent } from './index-content.ts';
import type { SignIndex } from './index-writer.ts';
import type { Look } from './look.ts';
import { groupHash, indexTag } from './package-tag.ts';
import type { SigningKey } from './signing-keys.ts';

/** An index that was compared with a listing made after it was read, mended where it didn't cover the set. */
export interface IndexView {
  /** The stored version that was compared; undefined where there was none. */
  readonly digest: Digest | undefined;
  /** What it lists; undefined where the stored one could neither be compared nor be believed. */
  readonly content: IndexContent | undefined;
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly etag: string;
  /** When the stored version was put; undefined for one that was mended, which has no time of its own. */
  readonly createdMs: number | undefined;
  readonly comparedAtMs: number;
  readonly isUnverified: boolean;
}

export interface IndexViewOptions {
  /** For how long a version is taken for the latest before the tag is asked again, in milliseconds. Default 1,000. */
  readonly freshnessMs: number;
  /** How often a version that is read is compared again, in milliseconds. Default 60,000. */
  readonly recheckMs: number;
  /** For how long a caller's right to read is taken from memory, in milliseconds. Default 60,000. */
  readonly rightsMs: number;
  /** For how much longer while the store can't be reached, in milliseconds. Default 600,000. */
  readonly staleMs: number;
}

export interface IndexViewDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly sign: SignIndex;
  /** A look with this caller's rights. */
  readonly look: (image: ImageStore, group: Group, options: CallOptions) => Promise<Look>;
  /** The stored index without a comparison, for callers who may not list. */
  readonly readStored: (
    image: ImageStore,
    group: Group,
    options: CallOptions,
  ) => Promise<Pick<Look, 'stored' | 'keys'>>;
}

/** Somebody who reads, by the hash that stands for their credentials. */
export interface Reader {
  readonly key: string;
  readonly image: ImageStore;
}

export interface ViewRequest extends CallOptions {
  /** Whether the version must be as fresh as `freshnessMs` says; a known one is good enough otherwise. */
  readonly mustBeFresh: boolean;
}

export interface IndexViews {
  /** The group's index as this reader may see it; undefined where there is nothing. */
  view(reader: Reader, group: Group, request: ViewRequest): Promise<{ view: IndexView; isStale: boolean } | undefined>;
  /** Returns where the store says that this reader may read the image; UNAUTHORIZED or FORBIDDEN otherwise. */
  authorize(reader: Reader, image: string, call: CallOptions): Promise<void>;
  /** Takes over what a look of the publisher has shown, so that readers needn't compare again. */
  offer(group: Group, seen: Look): void;
  /** Something that the index lists could not be fetched: it is compared anew before it is served again. */
  suspect(group: Group): void;
}

/** What is known of one group's index; one for all who read it. */
interface Latest {
  digest: Digest | undefined;
  checkedAtMs: number;
  failedAtMs: number;
  /** Undefined: never compared. Null: compared, and there is nothing. */
  view: IndexView | null | undefined;
  comparedAtMs: number;
  /** A covering look that nobody has asked the bytes of yet. */
  offered: Look | undefined;
  comparing: Map<string, Promise<void>>;
  comparingSinceMs: number;
}

/** While one version is compared the one before may still be served, so long after the comparison began. */
const maxOldMs = 10_000;
/** But a reader first waits so long for the comparison: it nearly always takes less. */
const patienceMs = 2_000;
/** How long the store is left alone after it could not be reached, where an old index can be served. */
const backOffMs = 5_000;

/** Serves indexes from memory, one buffer for all readers, each reader's rights asked of the store. */
export function createIndexViews(deps: IndexViewDeps, options: IndexViewOptions): IndexViews {
  const { clock } = deps;
  const groups = createBoundedMap<Latest>(10_000);
  const rights = createBoundedMap<number>(100_000);

  const latestOf = (group: Group): Latest => {
    const key = `${group.image} ${groupHash(group)}`;
    const known = groups.get(key);
    if (known !== undefined) return known;
    const latest: Latest = {
      digest: undefined,
      checkedAtMs: -Infinity,
      failedAtMs: -Infinity,
      view: undefined,
      comparedAtMs: -Infinity,
      offered: undefined,
      comparing: new Map(),
      comparingSinceMs: -Infinity,
    };
    groups.set(key, latest);
    return latest;
  };

  const rightsKey = (reader: Reader, group: Group) => `${reader.key} ${group.image}`;
  const mayRead = (reader: Reader, group: Group, withinMs: number) =>
    clock.now() - (rights.get(rightsKey(reader, group)) ?? -Infinity) < withinMs;

  /** Asks the tag with the reader's own rights, which is both proofs in one: that they may, and which version it is. */
  const check = async (reader: Reader, group: Group, latest: Latest, call: CallOptions) => {
    try {
      const began = clock.now();
      const resolved = await reader.image.resolve(indexTag(group), call);
      rights.set(rightsKey(reader, group), clock.now());
      if (began < latest.checkedAtMs) return;
      latest.digest = resolved?.digest;
      latest.checkedAtMs = began;
      latest.failedAtMs = -Infinity;
    } catch (error) {
      if (isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) rights.delete(rightsKey(reader, group));
      if (isGatewayError(error, 'STORE_UNAVAILABLE')) latest.failedAtMs = clock.now();
      throw error;
    }
  };

  const compare = async (reader: Reader, group: Group, latest: Latest, call: CallOptions) => {
    const began = clock.now();
    const view = await compareNow(deps, reader.image, group, call);
    if (began < latest.comparedAtMs) return;
    latest.view = view ?? null;
    latest.comparedAtMs = began;
    latest.offered = undefined;
    if (latest.checkedAtMs > began) return;
    latest.digest = view?.digest;
    latest.checkedAtMs = began;
  };

  const shareComparison = (reader: Reader, group: Group, latest: Latest, call: CallOptions) => {
    if (latest.comparing.size === 0) latest.comparingSinceMs = clock.now();
    const running =
      latest.comparing.get(reader.key) ??
      compare(reader, group, latest, call).finally(() => latest.comparing.delete(reader.key));
    latest.comparing.set(reader.key, running);
    return running;
  };

  /** Waits for a comparison, but not for long where an old version can be served instead. */
  const awaitComparison = async (reader: Reader, group: Group, latest: Latest, call: CallOptions) => {
    const running = shareComparison(reader, group, latest, { ...call, signal: undefined });
    if (latest.view == null || clock.now() - latest.comparingSinceMs > maxOldMs) {
      await running;
      return;
    }
    const timer = new AbortController();
    try {
      await Promise.race([running, clock.sleep(patienceMs, timer.signal)]);
    } finally {
      timer.abort();
      running.catch((error: unknown) => {
        deps.log.debug({ ...group, err: error }, 'a comparison that nobody waited for failed');
      });
    }
  };

  const takeOffer = async (group: Group, latest: Latest) => {
    const seen = latest.offered;
    if (seen === undefined) return;
    latest.offered = undefined;
    latest.view = (await viewOf(deps, group, seen, latest.comparedAtMs)) ?? null;
  };

  const isCompared = (latest: Latest) =>
    latest.view !== undefined &&
    (latest.view?.digest ?? undefined) === latest.digest &&
    clock.now() - latest.comparedAtMs < options.recheckMs;

  const stale = (reader: Reader, group: Group, latest: Latest) =>
    latest.view != null && mayRead(reader, group, options.rightsMs + options.staleMs)
      ? { view: latest.view, isStale: true }
      : undefined;

  return {
    async view(reader, group, request) {
      const latest = latestOf(group);
      if (clock.now() - latest.failedAtMs < backOffMs) {
        const old = stale(reader, group, latest);
        if (old !== undefined) return old;
      }
      const call = { signal: request.signal };
      try {
        const isFresh = clock.now() - latest.checkedAtMs < options.freshnessMs;
        const isGoodEnough = isFresh || (!request.mustBeFresh && latest.view != null);
        if (!isGoodEnough || !mayRead(reader, group, options.rightsMs)) await check(reader, group, latest, call);
        if (
          latest.offered !== undefined &&
          latest.digest === latest.offered.stored.get(group.architecture)?.manifestDigest
        )
          await takeOffer(group, latest);
        // Twice: the comparison that was under way may have begun before the version that is wanted was put.
        if (!isCompared(latest)) await awaitComparison(reader, group, latest, call);
        if (!isCompared(latest)) await awaitComparison(reader, group, latest, call);
      } catch (error) {
        const old = isGatewayError(error, 'STORE_UNAVAILABLE') ? stale(reader, group, latest) : undefined;
        if (old === undefined) throw error;
        deps.log.warn({ ...group, err: error }, 'the store is unavailable, the last good index is served');
        return old;
      }
      return latest.view == null ? undefined : { view: latest.view, isStale: false };
    },
    async authorize(reader, image, call) {
      const key = `${reader.key} ${image}`;
      if (clock.now() - (rights.get(key) ?? -Infinity) < options.rightsMs) return;
      // Any tag will do: whether it exists is told only to those who may read.
      await reader.image.resolve('index', call);
      rights.set(key, clock.now());
    },
    offer(group, seen) {
      const stored = seen.stored.get(group.architecture);
      if (stored === undefined || !seen.isCovered(group.architecture)) return;
      const latest = latestOf(group);
      latest.offered = seen;
      latest.digest = stored.manifestDigest;
      latest.comparedAtMs = clock.now();
      latest.checkedAtMs = clock.now();
    },
    suspect(group) {
      latestOf(group).comparedAtMs = -Infinity;
      latestOf(group).offered = undefined;
    },
  };
}

async function compareNow(deps: IndexViewDeps, image: ImageStore, group: Group, call: CallOptions) {
  const began = deps.clock.now();
  try {
    return await viewOf(deps, group, await deps.look(image, group, call), began);
  } catch (error) {
    if (!isGatewayError(error, 'FORBIDDEN')) throw error;
    // May read, may not list: better the stored index, and say so, than none.
    deps.log.warn({ ...group, err: error }, 'this caller may not list tags: the index goes out as stored');
    const { stored, keys } = await deps.readStored(image, group, call);
    const index = stored.get(group.architecture);
    if (index === undefined || index.pieces.length === 0) throw error;
    const signatures = await withOwn(deps.sign, index.pieces, index.signatures, keys);
    return makeView(index.pieces, signatures, {
      digest: index.manifestDigest,
      content: index.content,
      createdMs: index.createdMs,
      comparedAtMs: began,
      isUnverified: true,
    });
  }
}

/** What a look means for those who read: the stored index where it covers the set, else one made and signed in memory. */
async function viewOf(
  deps: IndexViewDeps,
  group: Group,
  seen: Look,
  comparedAtMs: number,
): Promise<IndexView | undefined> {
  const { architecture } = group;
  const stored = seen.stored.get(architecture);
  // An architecture without packages of its own has no index: noarch's answers for it.
  if (stored === undefined && !seen.target(architecture).files.some(({ pkg }) => pkg.architecture === architecture)) {
    return undefined;
  }
  const isCovered = seen.isCovered(architecture) && stored !== undefined;
  const content = seen.content(architecture);
  const pieces = contentPieces(content);
  const signatures = await withOwn(deps.sign, pieces, isCovered ? stored.signatures : [], seen.keys);
  if (signatures.length === 0) {
    throw new GatewayError('SIGNING_KEY_LOCKED', 'there is no key to sign the index with: push a package first');
  }
  const createdMs = isCovered ? stored.createdMs : undefined;
  return makeView(pieces, signatures, {
    digest: stored?.manifestDigest,
    content,
    createdMs,
    comparedAtMs,
    isUnverified: false,
  });
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

function makeView(
  pieces: readonly Uint8Array[],
  signatures: readonly Signature[],
  facts: Pick<IndexView, 'digest' | 'content' | 'createdMs' | 'comparedAtMs' | 'isUnverified'>,
): IndexView {
  const bytes = Buffer.concat([signatureMember(signatures), ...pieces]);
  const etag = `"${createHash('sha256').update(bytes).digest('hex')}"`;
  const count = facts.content === undefined ? 0 : filesOf(facts.content).length;
  return { ...facts, bytes, etag, count };
}
