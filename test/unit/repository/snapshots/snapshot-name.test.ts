import { describe, expect, it } from 'vitest';
import { GatewayError, isGatewayError } from '../../../../src/errors.ts';
import { nameTag, parseSnapshotTag } from '../../../../src/repository/artifacts/snapshot-tag.ts';
import { aCaller, aClock, aReplica, at } from '../../../support/a-repository.ts';
import { createMemoryStore, type MemoryCall, type MemoryImage } from '../../../support/memory-store.ts';

const name = nameTag({ branch: at.branch, repository: at.repository, name: 'rel' });
const hourMs = 3_600_000;
const caller = aCaller('ci');

/** A replica that made a snapshot `rel`, and another one before the same registry, whose calls meet `before`. */
async function twoReplicas(before: (call: MemoryCall) => Promise<void>, lookup?: (tag: string) => boolean) {
  const clock = aClock();
  const images = new Map<string, MemoryImage>();
  const behind: { listing?: readonly string[] } = {};
  const store = createMemoryStore({
    images,
    before,
    listing: (_image, { tags }) => behind.listing ?? tags.keys(),
    lookup: (_image, tag, { tags }) => (lookup?.(tag) === true ? undefined : tags.get(tag)),
  });
  const [maker, other] = [createMemoryStore({ images }), store].map((one) => aReplica({ store: one, clock }));
  await maker!.push([{ name: 'hello', version: '1.0-r0' }]);
  if (lookup !== undefined) behind.listing = [...images.get(at.image)!.tags.keys()];
  await clock.until(maker!.repositories.createSnapshot(at, 'rel', caller));
  const told = (work: Promise<unknown>) =>
    clock.until(work).then(
      () => 'done',
      (error: unknown) => (isGatewayError(error) ? error.code : error),
    );
  const read = () => told(other!.repositories.openIndex({ ...at, branch: `${at.branch}@rel` }, 'x86_64', caller));
  return { clock, images, other: other!, told, read };
}

describe("a snapshot's name", () => {
  it('that holds something far too large keeps nobody from reading, removing and making the snapshot', async () => {
    const { other, told, read } = await twoReplicas(({ operation, reference }) =>
      operation === 'fetchManifest' && reference === name
        ? Promise.reject(new GatewayError('SIZE_EXCEEDED', 'planted'))
        : Promise.resolve(),
    );
    expect(await read()).toBe('done');
    expect(await told(other.repositories.removeSnapshot(at, 'rel', caller))).toBe('done');
    expect(await told(other.repositories.createSnapshot(at, 'rel', caller))).toBe('done');
  });

  it('finds it though the registry says once that there is no such tag, where listings are behind', async () => {
    let odd = 1;
    const { read } = await twoReplicas(
      () => Promise.resolve(),
      (tag) => tag === name && odd-- > 0,
    );
    expect(await read()).toBe('done');
    expect(odd).toBeLessThan(1);
  });

  it('stays where nothing with a tag can be removed by its digest, and its tombstone goes all the same', async () => {
    let images = new Map<string, MemoryImage>();
    const world = await twoReplicas(({ operation, reference }) => {
      const tagged = [...(images.get(at.image)?.tags.values() ?? [])];
      return operation === 'deleteManifest' && tagged.some((digest) => digest === reference)
        ? Promise.reject(new GatewayError('DELETE_UNSUPPORTED', 'it is tagged'))
        : Promise.resolve();
    });
    images = world.images;
    const { clock, other, told, read } = world;
    expect(await told(other.repositories.removeSnapshot(at, 'rel', caller))).toBe('done');
    const left = () => [...images.get(at.image)!.tags.keys()].flatMap((tag) => parseSnapshotTag(tag)?.kind ?? []);
    expect(left()).toContain('gone');
    for (let i = 1; i <= 4; i += 1) {
      clock.pass(12 * hourMs);
      await other.push([{ name: 'hello', version: `1.${i}-r0` }]);
      await clock.until(clock.sleep(1_000));
    }
    expect(left()).toEqual([]);
    expect(await read()).toBe('SNAPSHOT_UNKNOWN');
  });
});
