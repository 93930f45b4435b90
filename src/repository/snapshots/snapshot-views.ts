import { signatureMember } from '../../apk/index/signature-member.ts';
import { createByteBoundedCache } from '../../concurrency/bounded-cache.ts';
import { GatewayError } from '../../errors.ts';
import { digestOf, hexOf } from '../../oci/digest.ts';
import type { Group } from '../../protocol/coordinates.ts';
import type { MonotonicMs } from '../../time/monotonic.ts';
import { buildIndexContent, contentPieces, type IndexContent } from '../index/index-content.ts';
import type { FetchLayers } from '../index/index-layers.ts';
import { parseRun } from '../index/index-run.ts';
import { compareIndexed } from '../index/indexed-package.ts';
import { lastModifiedOf } from '../index/last-modified.ts';
import type { SigningKey, SigningKeys } from '../keys/signing-keys.ts';
import {
  createIndexServing,
  type IndexServing,
  type IndexServingDeps,
  type IndexServingOptions,
} from '../views/index-serving.ts';
import type { IndexView, ViewMaker } from '../views/index-view.ts';
import type { Reader, ReaderRights } from '../views/reader-rights.ts';
import type { SnapshotRecord } from './snapshot-record.ts';
import type { FindSnapshot } from './find-snapshot.ts';

export interface SnapshotViewsDeps extends IndexServingDeps {
  readonly rights: ReaderRights;
  readonly signingKeys: SigningKeys;
  readonly find: FindSnapshot;
  readonly fetchLayers: FetchLayers;
}

/**
 * Serves snapshots' indexes as a repository's are served: from memory, one buffer for all readers, each one's rights asked of the
 * store. The record alone says what is listed; it is signed here by the keys that this replica has now, so that a key that was
 * changed since changes nothing for readers.
 */
export function createSnapshotViews(deps: SnapshotViewsDeps, options: IndexServingOptions): IndexServing {
  const contents = createByteBoundedCache<IndexContent>(options.maxIndexBytes, (content) =>
    contentPieces(content).reduce((sum, piece) => sum + piece.length, 1024),
  );

  const contentOf = async (reader: Reader, group: Group, record: SnapshotRecord): Promise<IndexContent | undefined> => {
    const key = `${group.image} ${record.tag} ${group.architecture}`;
    const known = contents.get(key);
    if (known !== undefined) return known;
    const layers = record.indexes.get(group.architecture);
    if (layers === undefined) return undefined;
    const fetched = await deps.fetchLayers(reader.image, layers, {});
    const home = { ...group, branch: record.branch };
    const runs = [
      ...fetched.v2Runs.map(({ part, details }) => parseRun(home, part, details, 'v2')),
      ...fetched.v3Runs.map(({ part, details }) => parseRun(home, part, details, 'v3')),
    ];
    const files = runs.flatMap((run) => run.files).sort(compareIndexed);
    const content = buildIndexContent(group, files, runs);
    contents.set(key, content);
    return content;
  };

  const makeView = async (reader: Reader, group: Group, beganMs: MonotonicMs): Promise<IndexView | null> => {
    const found = await deps.find(reader, group);
    const content = found && (await contentOf(reader, group, found.record));
    if (found === undefined || content === undefined) return null;
    const keys = await deps.signingKeys.ofImage(reader.image);
    if (keys.length === 0) throw new GatewayError('SIGNING_KEY_LOCKED', 'there is no key to sign the snapshot with');
    return await signedView(deps.maker, content, keys, {
      digest: found.resolved.digest,
      createdMs: found.record.createdMs,
      comparedMs: beganMs,
    });
  };

  /** Noarch's index answers for an architecture that had none. */
  const resolveVersion = async (reader: Reader, group: Group) => {
    const found = await deps.find(reader, group);
    return found?.record.indexes.has(group.architecture) === true ? found.resolved : undefined;
  };

  return createIndexServing(deps, options, deps.rights, makeView, resolveVersion);
}

async function signedView(
  { sign, clock }: ViewMaker,
  content: IndexContent,
  keys: readonly SigningKey[],
  facts: Pick<IndexView, 'digest' | 'comparedMs'> & { readonly createdMs: number },
): Promise<IndexView> {
  const pieces = contentPieces(content);
  const bytes = Buffer.concat([signatureMember(await sign(pieces, keys)), ...pieces]);
  const digest = digestOf(bytes);
  return {
    ...facts,
    content,
    count: content.files().length,
    bytes,
    etag: `"${hexOf(digest)}"`,
    lastModified: lastModifiedOf(facts.createdMs, digest, clock.now()),
    isUnverified: false,
    kept: [],
    isFromScratch: false,
    keys,
  };
}
