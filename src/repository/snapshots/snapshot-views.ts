import { signatureMember } from '../../apk/index/signature-member.ts';
import { GatewayError } from '../../errors.ts';
import { digestOf, hexOf } from '../../oci/digest.ts';
import type { Group } from '../../protocol/coordinates.ts';
import type { MonotonicMs } from '../../time/monotonic.ts';
import { contentPieces, type IndexContent } from '../index/index-content.ts';
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
import type { OpenSnapshot } from './snapshot-content.ts';
import type { FindSnapshot } from './find-snapshot.ts';

export interface SnapshotViewsDeps extends IndexServingDeps {
  readonly rights: ReaderRights;
  readonly signingKeys: SigningKeys;
  readonly find: FindSnapshot;
  readonly open: OpenSnapshot;
}

/**
 * Serves snapshots' indexes as a repository's are served: from memory, one buffer for all readers, each one's rights asked of the
 * store. The record alone says what is listed; it is signed here by the keys that this replica has now, so that a key that was
 * changed since changes nothing for readers.
 */
export function createSnapshotViews(deps: SnapshotViewsDeps, options: IndexServingOptions): IndexServing {
  const makeView = async (reader: Reader, group: Group, beganMs: MonotonicMs): Promise<IndexView | null> => {
    const found = await deps.find(reader, group);
    const content = found && (await deps.open(reader.image, found.record, group.architecture));
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
