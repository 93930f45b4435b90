import { GatewayError } from '../../errors.ts';
import type { Group } from '../../protocol/coordinates.ts';
import type { MonotonicMs } from '../../time/monotonic.ts';
import { contentPieces } from '../index/index-content.ts';
import type { SigningKeys } from '../keys/signing-keys.ts';
import {
  createIndexServing,
  type IndexServing,
  type IndexServingDeps,
  type IndexServingOptions,
} from '../views/index-serving.ts';
import { assembleView, type IndexView } from '../views/index-view.ts';
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
    const pieces = contentPieces(content);
    return assembleView(deps.maker, pieces, await deps.maker.sign(pieces, keys), {
      digest: found.resolved.digest,
      content,
      createdMs: found.record.createdMs,
      isFromScratch: false,
      comparedMs: beganMs,
      isUnverified: false,
      kept: [],
      keys,
    });
  };

  /** Noarch's index answers for an architecture that had none. */
  const resolveVersion = async (reader: Reader, group: Group) => {
    const found = await deps.find(reader, group);
    return found?.record.indexes.has(group.architecture) === true ? found.resolved : undefined;
  };

  return createIndexServing(deps, options, deps.rights, makeView, resolveVersion);
}
