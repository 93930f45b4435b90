import { readSignatureMember } from '../../apk/index/index-file.ts';
import { isSignatureAlgorithm, verify, type Signature } from '../../apk/signature.ts';
import { GatewayError, isGatewayError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Log } from '../../ports.ts';
import type { MonotonicClock } from '../../time/monotonic.ts';
import type { CallOptions, FetchedManifest, ImageStore } from '../../store/store.ts';
import type { Group } from '../../protocol/coordinates.ts';
import { createLastIndexes, warnOfOlder, type LastIndex, type LastIndexesOptions } from './last-indexes.ts';
import { parseIndexManifest, type IndexManifest } from './index-manifest.ts';
import { indexContent, type IndexContent } from './index-content.ts';
import { createFetchLayers, layersOf, type IndexLayers, type RunLayers } from './index-layers.ts';
import { createStoredRuns } from './stored-runs.ts';
import { parseV3Signatures, v3Signed } from './v3-signatures.ts';
import { indexTag } from '../artifacts/package-tag.ts';
import type { SigningKey } from '../keys/signing-keys.ts';

/** One version of an index, as the registry has it. Immutable. */
export interface StoredIndex {
  readonly manifestDigest: Digest;
  /** When it was put: a stamp. */
  readonly createdMs: number;
  readonly signatures: readonly Signature[];
  /** What it lists; undefined where none of this replica's keys signed it, so that it isn't believed. */
  readonly content: IndexContent | undefined;
  /** The same, believed or not: it may rank what lives, and proves nothing. Undefined where it can't be read. */
  readonly claimed: () => IndexContent | undefined;
  /** The content member as stored, believed or not; empty where the artifact is damaged. */
  readonly pieces: readonly Uint8Array[];
  /** The same of the v3 packages that it lists. */
  readonly v3Pieces: readonly Uint8Array[];
  /** What the registry has because this version names it. */
  readonly blobs: ReadonlySet<Digest>;
}

export interface StoredIndexes {
  /**
   * The index under the group's tag right now, undefined where there is none. One HEAD where it is the version that was read
   * last, else the manifest and those layers that aren't in memory.
   */
  read(
    image: ImageStore,
    group: Group,
    keys: readonly SigningKey[],
    options?: CallOptions,
  ): Promise<StoredIndex | undefined>;
  /** What was read or put last, without asking. */
  last(group: Group, keys: readonly SigningKey[]): LastIndex | undefined;
  /** Takes note of a version that this replica put itself. */
  remember(group: Group, keys: readonly SigningKey[], last: LastIndex): void;
}

/** `maxBytes`: of layers and of records too. */
export interface StoredIndexOptions extends LastIndexesOptions {
  readonly concurrency: number;
  readonly log: Log;
  readonly clock: MonotonicClock;
}

/** How often a version is read again whose layers were collected between its manifest and them. */
const maxAttempts = 3;

/** Reads stored indexes, each layer once. One that can't be read is `damaged`, never a fault: the packages tell the truth. */
export function createStoredIndexes({
  maxBytes,
  concurrency,
  log,
  clock,
  onReplaced,
}: StoredIndexOptions): StoredIndexes {
  const latest = createLastIndexes({
    maxBytes,
    onReplaced(group, before, after) {
      runs.forget(group, before, after);
      onReplaced(group, before, after);
    },
  });
  const fetchLayers = createFetchLayers({ maxBytes, concurrency });
  const runs = createStoredRuns(maxBytes);

  /** Its own signatures, apart from the others': who may push can put other runs beside signed ones. */
  const hasOursOfV3 = (
    group: Group,
    { v3Signatures }: IndexManifest,
    layers: IndexLayers,
    keys: readonly SigningKey[],
  ): boolean => {
    if (v3Signatures === undefined) return false;
    const signed = v3Signed(group, partsOf(layers.v3Runs));
    return parseV3Signatures(v3Signatures).some((signature) => isBy(keys, signature, signed));
  };

  const open = async (
    image: ImageStore,
    group: Group,
    manifest: FetchedManifest,
    keys: readonly SigningKey[],
    options: CallOptions,
  ): Promise<StoredIndex> => {
    try {
      const parsed = parseIndexManifest(manifest.bytes);
      refuseOther(group, parsed);
      const layers = await fetchLayers(image, parsed, options);
      const { signatures: found, length } = readSignatureMember(parsed.head);
      const head = parsed.head.subarray(length);
      const pieces = [head, ...partsOf(layers.v2Runs), parsed.tail];
      // A bad signature under an own key's name would make this replica believe that it has signed already.
      const signatures = found.filter((signature) => !isNamed(keys, signature) || isBy(keys, signature, pieces));
      const isOurs = signatures.some((signature) => isNamed(keys, signature));
      const contentOf = (hasV3: boolean) => {
        const v2Runs = runs.parse(group, 'v2', layers.v2Runs, isOurs);
        const v3Runs = hasV3 ? runs.parse(group, 'v3', layers.v3Runs, isOurs) : [];
        return indexContent({ head, v2Runs, tail: parsed.tail, v3Runs });
      };
      const content = isOurs ? contentOf(hasOursOfV3(group, parsed, layers, keys)) : undefined;
      const claimed = once(() => content ?? unlessMalformed(() => contentOf(true)));
      const { createdMs } = parsed;
      const stored = { manifestDigest: manifest.digest, createdMs, signatures, content, claimed, pieces };
      return { ...stored, v3Pieces: partsOf(layers.v3Runs), blobs: blobsOf(parsed) };
    } catch (error) {
      // Anybody who may push can put anything here.
      if (isGatewayError(error, 'INDEX_MALFORMED', 'STORE_ANSWER_INVALID', 'SIZE_EXCEEDED'))
        return damaged(manifest.digest);
      throw error;
    }
  };

  const readOnce = async (image: ImageStore, group: Group, keys: readonly SigningKey[], options: CallOptions) => {
    const tag = indexTag(group);
    const sinceMs = clock.monotonicMs();
    const last = latest.get(group, keys);
    const known = last?.stored;
    if (known !== undefined) {
      const resolved = await image.resolve(tag, options);
      if (resolved === undefined) return undefined;
      if (resolved.digest === known.manifestDigest) {
        latest.confirm(group, keys, { stored: known, sinceMs });
        return known;
      }
    }
    const manifest = await fetchSmall(image, tag, options);
    if (manifest === undefined || !('bytes' in manifest)) return manifest;
    const stored = await open(image, group, manifest, keys, options);
    if (known !== undefined && stored.content !== undefined) warnOfOlder(log, group, stored, known);
    latest.keep(group, keys, { stored, sinceMs });
    return stored;
  };

  return {
    async read(image, group, keys, options = {}) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await readOnce(image, group, keys, options);
        } catch (error) {
          if (!isGatewayError(error, 'BLOB_UNKNOWN', 'DIGEST_MISMATCH')) throw error;
          // A newer version took the tag and this one's layers were collected: the tag has the newer one. Else they are lost.
          if (attempt === maxAttempts) return await lost(image, indexTag(group), options);
        }
      }
    },
    last: (group, keys) => latest.get(group, keys),
    remember: (group, keys, last) => {
      latest.keep(group, keys, last);
    },
  };
}

/** The manifest, or where it is larger than any manifest of ours what is to be said of it. */
async function fetchSmall(image: ImageStore, tag: string, options: CallOptions) {
  try {
    return await image.fetchManifest(tag, options);
  } catch (error) {
    if (!isGatewayError(error, 'SIZE_EXCEEDED')) throw error;
    return await lost(image, tag, options);
  }
}

/** A version whose manifest is there and whose content can't be had. */
async function lost(image: ImageStore, tag: string, options: CallOptions): Promise<StoredIndex | undefined> {
  const resolved = await image.resolve(tag, options);
  return resolved && damaged(resolved.digest);
}

/** Throws INDEX_MALFORMED for an index of another group: its signature would be good, and none of its tags are here. */
function refuseOther({ branch, repository, architecture }: Group, { group }: IndexManifest): void {
  const isSame = group.branch === branch && group.repository === repository && group.architecture === architecture;
  if (!isSame) throw new GatewayError('INDEX_MALFORMED', 'a stored index is of another repository');
}

function isNamed(keys: readonly SigningKey[], { keyName }: Signature): boolean {
  return keys.some(({ fileName }) => fileName === keyName);
}

function isBy(keys: readonly SigningKey[], signature: Signature, pieces: readonly Uint8Array[]): boolean {
  const key = keys.find(({ fileName }) => fileName === signature.keyName);
  if (key === undefined || !isSignatureAlgorithm(signature.algorithm)) return false;
  return verify(pieces, signature.bytes, key.publicKey, signature.algorithm);
}

function damaged(manifestDigest: Digest): StoredIndex {
  const nothing = { signatures: [], content: undefined, claimed: () => undefined, pieces: [], v3Pieces: [] };
  return { manifestDigest, createdMs: 0, ...nothing, blobs: new Set() };
}

/** Whether nothing of it could be read, be it that only one answer was garbled. */
export function isDamaged({ content, pieces }: StoredIndex): boolean {
  return content === undefined && pieces.length === 0;
}

function unlessMalformed(parse: () => IndexContent): IndexContent | undefined {
  try {
    return parse();
  } catch (error) {
    if (isGatewayError(error, 'INDEX_MALFORMED')) return undefined;
    throw error;
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function blobsOf(manifest: IndexManifest): ReadonlySet<Digest> {
  return new Set(layersOf(manifest).map(({ digest }) => digest));
}

function partsOf(runs: readonly RunLayers[]): readonly Uint8Array[] {
  return runs.map(({ part }) => part.bytes);
}
