import { describe, expect, it } from 'vitest';
import { readIndexV3File, v3Identities } from '../../../../src/apk/index-v3/index-v3-file.ts';
import { GatewayError } from '../../../../src/errors.ts';
import { copyImage } from '../../../../src/repository/upkeep/copy-image.ts';
import { createMemoryStore, type MemoryImage, type MemoryStoreOptions } from '../../../support/memory-store.ts';
import { aCaller, aClock, aReplica, aSigningKey, at, fixedKeys, someRandom } from '../../../support/a-repository.ts';

const key = aSigningKey('test-only-2048.rsa');
const anonymous = { kind: 'anonymous' } as const;

async function aWorld(target: MemoryStoreOptions = {}, from: MemoryStoreOptions = {}) {
  const clock = aClock();
  const [source, other] = [createMemoryStore(from), createMemoryStore(target)];
  await aReplica({ store: source, clock, keys: fixedKeys(key) }).push([
    { name: 'hello', version: '1.0-r0' },
    { name: 'other', version: '1.0-r0' },
  ]);
  const copy = () =>
    clock.until(copyImage({ clock }, source.image(at.image, anonymous), other.image('team/copy', anonymous)));
  const namesThere = async () => {
    const { repositories } = aReplica({ store: other, clock, keys: fixedKeys(key) });
    const listed = await clock.until(repositories.list({ image: 'team/copy' }, aCaller('reader')));
    return listed.map(({ entry }) => entry.name).sort();
  };
  const deleteThere = (fileName: string) => {
    const { repositories } = aReplica({ store: other, clock, keys: fixedKeys(key) });
    return clock.until(
      repositories.withdraw({ ...at, image: 'team/copy' }, { architecture: undefined, fileName }, aCaller('ci')),
    );
  };
  return { clock, source, other, copy, namesThere, deleteThere };
}

describe('a copy of an image', () => {
  it('has the packages of both formats, told by its index alone', async () => {
    const { clock, source, other, copy, namesThere } = await aWorld();
    const v3 = { format: 'v3', name: 'fresh', version: '2.0-r0' } as const;
    await aReplica({ store: source, clock, keys: fixedKeys(key) }).push([v3]);
    expect(await copy()).toMatchObject({ packages: 3, indexes: 1, leftIndexes: [] });
    expect(await namesThere()).toEqual(['fresh', 'hello', 'other']);
    const { repositories } = aReplica({ store: other, clock, keys: fixedKeys(key) });
    const at_ = { ...at, image: 'team/copy' };
    const index = await clock.until(repositories.openIndexV3(at_, 'x86_64', aCaller('reader')));
    expect(v3Identities(await readIndexV3File(index!.bytes))).toHaveLength(1);
  });

  it.each([
    ['skips nothing because of one answer that it is not there', 1, 2],
    ['does not count what it skips, being gone', 2, 1],
  ] as const)('%s', async (_what, times, packages) => {
    let left = 0;
    const isHidden = (tag: string) => tag.includes('-p-hello') && left-- > 0;
    const lookup = (_image: string, tag: string, { tags }: MemoryImage) => (isHidden(tag) ? undefined : tags.get(tag));
    const { copy, other } = await aWorld({}, { lookup });
    left = times;
    expect(await copy()).toMatchObject({ packages });
    const there = [...other.state('team/copy').tags.keys()].filter((tag) => tag.includes('-p-'));
    expect(there).toHaveLength(packages);
  });

  it('has what was withdrawn, which may be restored there', async () => {
    const { clock, source, other, copy, namesThere } = await aWorld();
    const here = aReplica({ store: source, clock, keys: fixedKeys(key) });
    await clock.until(here.repositories.withdrawFiles(at, { names: ['hello'] }, aCaller('ci')));
    expect(await copy()).toMatchObject({ packages: 1, tombstones: 1, kept: 1 });
    expect(await copy()).toMatchObject({ kept: 1, unchanged: 4 });
    const there = aReplica({ store: other, clock, keys: fixedKeys(key), random: someRandom('there') });
    const at_ = { ...at, image: 'team/copy' };
    await clock.until(there.repositories.restoreFiles(at_, { names: ['hello'] }, aCaller('ci')));
    expect(await namesThere()).toEqual(['hello', 'other']);
  });

  it('has its snapshots, with what was deleted from the branch since', async () => {
    const { clock, source, other, copy } = await aWorld();
    const here = aReplica({ store: source, clock, keys: fixedKeys(key) });
    await clock.until(here.repositories.createSnapshot(at, 'first', aCaller('ci')));
    await clock.until(here.repositories.deleteFiles(at, { names: ['hello'] }, aCaller('ci'), { isNow: true }));
    await copy();
    const { repositories } = aReplica({ store: other, clock, keys: fixedKeys(key) });
    const within = { image: 'team/copy', branch: `${at.branch}@first`, repository: at.repository };
    const listed = await clock.until(repositories.list(within, aCaller('reader')));
    expect(listed.map(({ entry }) => entry.name)).toEqual(['hello', 'other']);
    const file = { architecture: 'x86_64', fileName: 'hello-1.0-r0.apk' };
    const found = await clock.until(
      repositories.findPackage(within, file.architecture, file.fileName, aCaller('reader')),
    );
    expect(await clock.until(found!.open())).toHaveLength(found!.size);
  });

  it('leaves out what is not ours, whatever it is called', async () => {
    const { source, other, copy, namesThere } = await aWorld();
    const { tags, manifests } = source.state(at.image);
    const [ours = ''] = tags.keys();
    const digest = `sha256:${'1'.repeat(64)}` as const;
    manifests.set(digest, { mediaType: 'application/json', bytes: Buffer.from('{"no":"manifest"}') });
    tags.set('latest', digest).set(ours.replace(/.{6}$/, '222222'), digest);
    await copy();
    expect(other.state('team/copy').tags.has('latest')).toBe(false);
    expect(await namesThere()).toEqual(['hello', 'other']);
  });

  it('is refused where the index manifests are more than anybody should hold', async () => {
    const { clock, source, other } = await aWorld();
    const image = source.image(at.image, anonymous);
    const index = (await image.tags()).find((tag) => tag.startsWith('index-')) ?? '';
    const tags = Array.from({ length: 200 }, (_, count) => index.slice(0, -3) + String(222 + 2 * count));
    const document = {
      mediaType: 'application/json',
      digest: `sha256:${'1'.repeat(64)}`,
      bytes: Buffer.alloc(2 ** 22),
    } as const;
    const hostile = { ...image, tags: () => Promise.resolve(tags), fetchManifest: () => Promise.resolve(document) };
    const copied = copyImage({ clock }, hostile, other.image('team/copy', anonymous));
    await expect(clock.until(copied)).rejects.toMatchObject({ code: 'SIZE_EXCEEDED' });
  });

  it('is done again where it was broken off', async () => {
    let calls = 0;
    const { copy, namesThere } = await aWorld({
      before: ({ operation }) =>
        operation === 'pushManifest' && ++calls === 2
          ? Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'gone'))
          : Promise.resolve(),
    });
    await expect(copy()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await copy()).toMatchObject({ packages: 2, indexes: 1, leftIndexes: [] });
    expect(await namesThere()).toEqual(['hello', 'other']);
    expect(await copy()).toMatchObject({ unchanged: 3, bytes: 0 });
  });

  it('goes without our type where a registry refuses that', async () => {
    const { other, copy, namesThere } = await aWorld();
    const open = other.image.bind(other);
    other.image = (name, credentials) => {
      const image = open(name, credentials);
      return {
        ...image,
        pushManifest: (tag, manifest, options) =>
          Buffer.from(manifest.bytes).includes('artifactType')
            ? Promise.reject(new GatewayError('STORE_ANSWER_INVALID', 'no', { details: { refused: true } }))
            : image.pushManifest(tag, manifest, options),
      };
    };
    await copy();
    expect(await namesThere()).toEqual(['hello', 'other']);
  });

  it('tells of what it may have brought back, and never brings what the target knows to be dead', async () => {
    const { clock, source, other, copy, namesThere, deleteThere } = await aWorld();
    expect(await copy()).toMatchObject({ packages: 2, tombstones: 0, maybeRevived: [] });
    await deleteThere('hello-1.0-r0.apk');
    expect(await copy()).toMatchObject({ packages: 2, maybeRevived: [] });
    expect(await namesThere()).toEqual(['other']);
    clock.pass(3_600_000);
    await deleteThere('other-1.0-r0.apk');
    // As upkeep does once it is old.
    const { tags } = other.state('team/copy');
    for (const tag of [...tags.keys()]) if (tag.includes('-d-other-')) tags.delete(tag);
    clock.pass(1000);
    await aReplica({ store: source, clock, keys: fixedKeys(key), random: someRandom('later') }).push([
      { name: 'later', version: '1.0-r0' },
    ]);
    expect(await copy()).toMatchObject({ packages: 3, maybeRevived: [expect.stringContaining('-p-other-1.0-r0-')] });
    expect([...other.state('team/copy').tags.keys()].some((tag) => tag.includes('-p-hello-'))).toBe(false);
  });

  it('counts tombstones by themselves', async () => {
    const { clock, source, copy } = await aWorld();
    const { repositories } = aReplica({ store: source, clock, keys: fixedKeys(key) });
    await clock.until(
      repositories.withdraw(at, { architecture: undefined, fileName: 'hello-1.0-r0.apk' }, aCaller('ci')),
    );
    expect(await copy()).toMatchObject({ packages: 1, tombstones: 1 });
  });
});
