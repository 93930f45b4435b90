import { inParallel } from '../../concurrency/in-parallel.ts';
import { isGatewayError } from '../../errors.ts';
import type { Log } from '../../ports.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { Stamp } from '../../time/stamps.ts';
import type { ArtifactWriter, ProvenPut } from '../artifacts/artifact-writer.ts';
import { putMarker } from '../artifacts/marker.ts';
import { doubtTag, goneTag, nameOf, type SnapshotTag } from '../artifacts/snapshot-tag.ts';
import { readName, wordMarker, type SnapshotWord } from '../artifacts/snapshot-word.ts';

export interface SnapshotBurialDeps {
  readonly artifacts: ArtifactWriter;
  readonly stamp: () => Stamp;
  readonly log: Log;
}

/** What is said of snapshots by tags alone: how one ends, or one that was begun and isn't to be, and which has a name. */
export interface SnapshotBurial {
  /**
   * Removes a record, as somebody asked for who may delete; false where the registry removes nothing, so that the tombstone
   * stands alone and the packages stay stored. Throws UNAUTHORIZED or FORBIDDEN where they may not: then nothing is changed.
   */
  remove(image: ImageStore, record: SnapshotTag, call?: CallOptions): Promise<boolean>;
  /** Says that it is gone, for good; needs the right to push alone. */
  bury(image: ImageStore, tag: Pick<SnapshotTag, 'tag' | 'id'>, call?: CallOptions): Promise<void>;
  /** The same of one whose record may be there, though nobody was told of it. */
  retract(image: ImageStore, record: Pick<SnapshotTag, 'tag' | 'id'>, call?: CallOptions): Promise<void>;
  /** Says to whoever makes it that they are taken for dead. */
  doubt(image: ImageStore, tag: Pick<SnapshotTag, 'tag' | 'id'>, call?: CallOptions): Promise<void>;
  /** Says to who can't wait for a listing that this one has its name. */
  name(image: ImageStore, record: Pick<SnapshotTag, 'tag' | 'id'>, call?: CallOptions): Promise<void>;
  /** Removes tags of what is buried, and its name, as far as that is allowed. Never throws. */
  clear(image: ImageStore, tags: readonly SnapshotTag[], call?: CallOptions): Promise<void>;
}

const concurrency = 4;

export function createSnapshotBurial({ artifacts, stamp, log }: SnapshotBurialDeps): SnapshotBurial {
  const putWord = (image: ImageStore, word: Omit<SnapshotWord, 'created'>, call: ProvenPut) =>
    putMarker(artifacts.putProven, image, wordMarker({ ...word, created: stamp() }), call);
  const bury: SnapshotBurial['bury'] = (image, tag, call = {}) =>
    putWord(image, { tag: goneTag(tag), id: tag.id, says: 'gone' }, call);
  /** Those who read a snapshot ask for its record alone, so that it too must say so where it stays. */
  const replace = async (image: ImageStore, { tag, id }: Pick<SnapshotTag, 'tag' | 'id'>, call: CallOptions) => {
    const before = (await image.resolve(tag, call))?.digest;
    await putWord(image, { tag, id, says: 'gone' }, { ...call, before });
  };

  return {
    async remove(image, record, call = {}) {
      const isRemoved = await tryDelete(image, record.tag, call);
      // Before the tombstone: whoever asks again because this failed has to find it.
      if (!isRemoved) await replace(image, record, call);
      await bury(image, record, call);
      return isRemoved;
    },
    bury,
    async retract(image, record, call = {}) {
      await bury(image, record, call);
      const isRemoved = await tryDelete(image, record.tag, call).catch(() => false);
      if (!isRemoved) await replace(image, record, call);
    },
    doubt: (image, tag, call = {}) => putWord(image, { tag: doubtTag(tag), id: tag.id, says: 'doubt' }, call),
    name: (image, record, call = {}) => putWord(image, { tag: nameOf(record), id: record.id, says: 'name' }, call),
    async clear(image, tags, call = {}) {
      try {
        await inParallel(tags, concurrency, async (tag) => {
          await tryDelete(image, tag.tag, call);
          if (tag.kind === 'record') await removeName(image, tag, call);
        });
      } catch (error) {
        log.debug({ image: image.image, err: error }, 'what a snapshot held stays for upkeep');
      }
    },
  };
}

/** Takes its name from a snapshot that is buried, unless it is another's by now. */
export async function removeName(
  image: ImageStore,
  tag: Pick<SnapshotTag, 'tag' | 'id'>,
  call: CallOptions,
): Promise<void> {
  const word = await readName(image, nameOf(tag), call);
  if (word?.id !== tag.id) return;
  // By its digest: somebody may give the name to another one at this moment. Where that can't be, it stays, and counts for nothing.
  await image.deleteManifest(word.digest, call).catch((error: unknown) => {
    if (!isGatewayError(error, 'DELETE_UNSUPPORTED', 'TAG_IMMUTABLE')) throw error;
  });
}

async function tryDelete(image: ImageStore, tag: string, call: CallOptions): Promise<boolean> {
  try {
    await image.deleteTag(tag, call);
    return true;
  } catch (error) {
    if (isGatewayError(error, 'DELETE_UNSUPPORTED')) return false;
    throw error;
  }
}
