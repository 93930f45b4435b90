import { describe, expect, it } from 'vitest';
import { readIndexFile } from '../../../src/apk/index/index-file.ts';
import { verify } from '../../../src/apk/signature.ts';
import { GatewayError } from '../../../src/errors.ts';
import { lease } from '../../../src/time/lease.ts';
import { indexTag } from '../../../src/repository/artifacts/package-tag.ts';
import type { SigningKey } from '../../../src/repository/keys/signing-keys.ts';
import {
  createMemoryStore,
  type MemoryCall,
  type MemoryImage,
  type MemoryStoreOptions,
} from '../../support/memory-store.ts';
import {
  aCaller,
  aClock,
  aGroup,
  aReplica,
  aSigningKey,
  at,
  fixedKeys,
  listedBy,
  type TestClock,
  type TestReplica,
} from '../../support/a-repository.ts';

const hello = { name: 'hello', version: '1.0-r0' };
const other = { name: 'other', version: '2.0-r0' };
const oneKey = aSigningKey('test-only-2048.rsa');
const otherKey = aSigningKey('test-only-4096.rsa');

function aWorld(options: MemoryStoreOptions = {}) {
  const clock = aClock();
  const store = createMemoryStore(options);
  return {
    clock,
    store,
    replica: (...keys: SigningKey[]) =>
      aReplica({ store, clock, keys: fixedKeys(...keys) }, { historyMs: 0, deleteGraceMs: 0 }),
  };
}

const userOf = ({ credentials }: MemoryCall) =>
  credentials.kind === 'basic' ? credentials.username : credentials.kind;

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof GatewayError ? error.code : String(error)),
  );

const withdraw = ({ repositories }: TestReplica, clock: TestClock, fileName: string, architecture?: string) =>
  clock.until(repositories.withdraw(at, { architecture, fileName }, aCaller('ci')));

async function signersOf(clock: TestClock, { repositories }: TestReplica, keys: readonly SigningKey[]) {
  const index = await clock.until(repositories.openIndex(at, 'x86_64', aCaller('reader')));
  const { signatures, content } = readIndexFile(index!.bytes);
  return keys.map((key) =>
    signatures.some(
      ({ keyName, bytes }) => keyName === key.fileName && verify(content, bytes, key.publicKey, 'RSA256'),
    ),
  );
}

it('a push that may wait for a short time only is accepted where listings lag all the same', async () => {
  const clock = aClock();
  const store = createMemoryStore({ listing: () => [] });
  const gateway = aReplica({ store, clock, keys: fixedKeys(oneKey) }, { publishTimeoutMs: 4_000 });
  expect(await codeOf(gateway.push([hello]))).toBe('done');
  expect(await listedBy(clock, gateway)).toEqual(['hello-1.0-r0']);
});

it('a delete whose gateway died half-way is brought to its end by the next try, and the one after finds nothing to delete', async () => {
  const images = new Map<string, MemoryImage>();
  const { clock, replica } = aWorld({ images });
  await replica(oneKey).push([hello, other]);
  const { tags } = images.get(at.image)!;
  for (const tag of tags.keys()) if (tag.includes('-p-hello-')) tags.delete(tag);
  const before = tags.get(indexTag(aGroup()));
  expect(await codeOf(withdraw(replica(oneKey), clock, 'hello-1.0-r0.apk'))).toBe('done');
  expect(tags.get(indexTag(aGroup()))).not.toBe(before);
  expect(await codeOf(withdraw(replica(oneKey), clock, 'hello-1.0-r0.apk'))).toBe('PACKAGE_UNKNOWN');
  expect(await listedBy(clock, replica(oneKey))).toEqual(['other-2.0-r0']);
});

describe('readers and pushers who may not list tags', () => {
  const refusingListings = (code: 'FORBIDDEN' | 'UNAUTHORIZED', user: string): MemoryStoreOptions => ({
    before: (call) =>
      call.operation === 'tags' && userOf(call) === user
        ? Promise.reject(new GatewayError(code, 'may not list'))
        : Promise.resolve(),
  });

  it.each(['FORBIDDEN', 'UNAUTHORIZED'] as const)('serves a reader the index as stored, marked (%s)', async (code) => {
    const { clock, replica } = aWorld(refusingListings(code, 'limited'));
    await replica(oneKey).push([hello]);
    const gateway = replica(oneKey);
    const index = await clock.until(gateway.repositories.openIndex(at, 'x86_64', aCaller('limited')));
    expect([index?.isUnverified, index?.count]).toEqual([true, 1]);
  });

  it('never shows others what nobody compared', async () => {
    const { clock, store, replica } = aWorld(refusingListings('FORBIDDEN', 'limited'));
    await replica(oneKey).push([hello]);
    const gateway = replica(oneKey);
    await clock.until(gateway.repositories.openIndex(at, 'x86_64', aCaller('limited')));
    // Buried by somebody who then died: only a comparison shows it.
    const { tags } = store.state(at.image);
    for (const [tag, digest] of [...tags]) if (tag.includes('-p-')) tags.set(tag.replace('-p-', '-d-'), digest);
    const index = await clock.until(gateway.repositories.openIndex(at, 'x86_64', aCaller('reader')));
    expect([index?.isUnverified, index?.count]).toEqual([false, 0]);
  });

  it('does not sign for them what somebody planted under the index tag', async () => {
    const { clock, store, replica } = aWorld(refusingListings('FORBIDDEN', 'limited'));
    await replica(otherKey).push([hello]);
    const gateway = replica(oneKey);
    const planted = await clock.until(gateway.repositories.openIndex(at, 'x86_64', aCaller('limited')));
    const signers = readIndexFile(planted!.bytes).signatures.map(({ keyName }) => keyName);
    expect(signers).toEqual([otherKey.fileName]);
    expect(store.state(at.image).tags.has(indexTag(aGroup()))).toBe(true);
  });

  it('says that there is nothing where an architecture never had a package', async () => {
    const { clock, replica } = aWorld(refusingListings('FORBIDDEN', 'limited'));
    const gateway = replica(oneKey);
    await gateway.push([hello]);
    expect(await listedBy(clock, gateway, 'aarch64', aCaller('limited'))).toBeUndefined();
  });

  it('refuses a pusher, and leaves nothing behind', async () => {
    const { clock, store, replica } = aWorld(refusingListings('FORBIDDEN', 'limited'));
    expect(await codeOf(replica(oneKey).push([hello], { caller: aCaller('limited') }))).toBe('FORBIDDEN');
    expect([...store.state(at.image).tags.keys()]).toEqual([]);
    expect(clock.now()).toBeGreaterThan(0);
  });
});

describe('rights in shared work', () => {
  it('uses only the credentials of callers who wait', async () => {
    const calls: string[] = [];
    const waiting = new Set<string>();
    const strangers: string[] = [];
    const { clock, replica } = aWorld({
      before(call) {
        calls.push(userOf(call));
        if (!waiting.has(userOf(call))) strangers.push(`${userOf(call)} ${call.operation}`);
        return Promise.resolve();
      },
    });
    const gateway = replica(oneKey);
    const push = async (user: string, name: string) => {
      waiting.add(user);
      await gateway.push([{ name, version: '1.0-r0' }], { caller: aCaller(user) });
      waiting.delete(user);
    };
    await clock.until(Promise.all(['ann', 'bob', 'eve'].map((user) => push(user, `from-${user}`))));
    await push('zoe', 'from-zoe');
    expect(new Set(calls)).toEqual(new Set(['ann', 'bob', 'eve', 'zoe']));
    expect(strangers).toEqual([]);
  });
});

describe('replicas with different signing keys', () => {
  it('each add their own signature in memory and leave the registry alone', async () => {
    const { clock, store, replica } = aWorld();
    const [one, two] = [replica(oneKey), replica(otherKey)];
    await one.push([hello]);
    const stored = store.state(at.image).tags.get(indexTag(aGroup()));
    expect(await signersOf(clock, two, [oneKey, otherKey])).toEqual([true, true]);
    expect(await signersOf(clock, one, [oneKey, otherKey])).toEqual([true, false]);
    expect(store.state(at.image).tags.get(indexTag(aGroup()))).toBe(stored);
  });

  it('lose nothing that the other published', async () => {
    const { clock, replica } = aWorld();
    const [one, two] = [replica(oneKey), replica(otherKey)];
    await one.push([hello]);
    await two.push([other]);
    for (const gateway of [one, two]) {
      expect(await listedBy(clock, gateway)).toEqual(['hello-1.0-r0', 'other-2.0-r0']);
    }
  });

  it('answer a delete only once the index that the other signed is replaced', async () => {
    const { clock, store, replica } = aWorld();
    await replica(oneKey).push([hello]);
    const stored = store.state(at.image).tags.get(indexTag(aGroup()));
    await withdraw(replica(otherKey), clock, 'hello-1.0-r0.apk', 'x86_64');
    expect(store.state(at.image).tags.get(indexTag(aGroup()))).not.toBe(stored);
    expect(await listedBy(clock, replica(oneKey))).toEqual([]);
  });

  it('sign again where a replica holds every key that signed and one more', async () => {
    const { clock, replica } = aWorld();
    await replica(oneKey).push([hello]);
    await replica(oneKey, otherKey).push([other]);
    expect(await signersOf(clock, replica(oneKey), [oneKey, otherKey])).toEqual([true, true]);
  });
});

describe('noarch', () => {
  const docs = { name: 'docs', version: '1.0-r0', arch: 'noarch' };

  it('is listed by every architecture, also by one that never had a package', async () => {
    const { clock, replica } = aWorld();
    const gateway = replica(oneKey);
    await gateway.push([hello]);
    await gateway.push([docs]);
    expect(await listedBy(clock, gateway, 'x86_64')).toEqual(['docs-1.0-r0', 'hello-1.0-r0']);
    expect(await listedBy(clock, gateway, 'aarch64')).toEqual(['docs-1.0-r0']);
  });

  it('takes its names in every architecture, and they take theirs from it', async () => {
    const { replica } = aWorld();
    const gateway = replica(oneKey);
    await gateway.push([docs]);
    expect(await codeOf(gateway.push([{ ...docs, arch: 'aarch64' }]))).toBe('PACKAGE_EXISTS');
    await gateway.push([hello]);
    expect(await codeOf(gateway.push([{ ...hello, arch: 'noarch' }]))).toBe('PACKAGE_EXISTS');
  });

  it('leaves every index when it is deleted, but only under its own name', async () => {
    const { clock, replica } = aWorld();
    const gateway = replica(oneKey);
    await gateway.push([hello, docs]);
    expect(await codeOf(withdraw(gateway, clock, 'docs-1.0-r0.apk', 'x86_64'))).toBe('PACKAGE_UNKNOWN');
    await withdraw(gateway, clock, 'docs-1.0-r0.apk', 'noarch');
    expect(await listedBy(clock, gateway, 'x86_64')).toEqual(['hello-1.0-r0']);
    expect(await listedBy(clock, gateway, 'noarch')).toEqual([]);
  });
});

describe('tags that must not be replaced or removed', () => {
  const immutable = (isMeant: (call: MemoryCall) => boolean) => ({
    before: (call: MemoryCall) =>
      isMeant(call) ? Promise.reject(new GatewayError('TAG_IMMUTABLE', 'immutable')) : Promise.resolve(),
  });

  it('says so, takes the package back and refuses the next push before its body', async () => {
    let indexPuts = 0;
    const { store, replica } = aWorld(
      immutable(
        ({ operation, reference }) =>
          operation === 'pushManifest' && reference?.startsWith('index-') === true && (indexPuts += 1) > 1,
      ),
    );
    const gateway = replica(oneKey);
    await gateway.push([hello]);
    expect(await codeOf(gateway.push([other]))).toBe('TAG_IMMUTABLE');
    expect([...store.state(at.image).tags.keys()].filter((tag) => tag.includes('-d-other'))).toHaveLength(1);
    expect(await codeOf(gateway.repositories.begin(at, aCaller('ci')))).toBe('TAG_IMMUTABLE');
  });

  it('does not take a package that may not be removed for an index that may not be replaced', async () => {
    const { clock, replica } = aWorld(immutable(({ operation }) => operation === 'deleteTag'));
    const gateway = replica(oneKey);
    await gateway.push([hello]);
    expect(await codeOf(withdraw(gateway, clock, 'hello-1.0-r0.apk'))).toBe('TAG_IMMUTABLE');
    expect(await gateway.push([other])).toEqual(['published']);
  });
});

it('two deletions of one file at once succeed where only index tags may be replaced', async () => {
  const images = new Map<string, MemoryImage>();
  let deletions = 0;
  const { clock, replica } = aWorld({
    images,
    before: async ({ operation, reference = '' }) => {
      if (operation === 'deleteTag') {
        deletions += 1;
        // Until both have seen the file.
        while (deletions < 2) await clock.sleep(10);
      }
      const isThere = images.get(at.image)?.tags.has(reference) === true;
      if (operation === 'pushManifest' && isThere && !reference.startsWith('index-'))
        throw new GatewayError('TAG_IMMUTABLE', 'immutable');
    },
  });
  const gateways = [replica(oneKey), replica(oneKey)];
  await gateways[0]!.push([hello]);
  const file = { architecture: undefined, fileName: 'hello-1.0-r0.apk' };
  const both = gateways.map(({ repositories }) => codeOf(repositories.withdraw(at, file, aCaller('ci'))));
  expect(await clock.until(Promise.all(both))).toEqual(['done', 'done']);
});

describe('what others put into the image', () => {
  it('ignores planted tags, however large, and reads each twice in five minutes', async () => {
    const reads: string[] = [];
    const { clock, store, replica } = aWorld({
      before({ operation, reference = '' }) {
        if (operation === 'fetchManifest') reads.push(reference);
        return operation === 'fetchManifest' && reference.includes('-planted-')
          ? Promise.reject(new GatewayError('SIZE_EXCEEDED', 'too large'))
          : Promise.resolve();
      },
    });
    const gateway = replica(oneKey);
    await gateway.push([hello]);
    const [tag] = [...store.state(at.image).tags.keys()].filter((one) => one.includes('-p-hello'));
    store.state(at.image).tags.set(tag!.replace('-p-hello-1.0-r0-', '-p-planted-'), `sha256:${'0'.repeat(64)}`);
    await gateway.push([other]);
    await gateway.push([{ ...other, version: '3.0-r0' }]);
    const readings = () => reads.filter((reference) => reference.includes('-planted-')).length;
    expect(readings()).toBe(2);
    expect(await listedBy(clock, gateway)).toHaveLength(3);
  });

  it('publishes on where layers of the stored index are lost', async () => {
    const { clock, store, replica } = aWorld();
    const inLayers = aReplica({ store, clock, keys: fixedKeys(oneKey) }, { maxInlineBytes: 0 });
    await inLayers.push([hello]);
    const { blobs, manifests, tags } = store.state(at.image);
    const index = manifests.get(tags.get(indexTag(aGroup()))!)!;
    const { layers } = JSON.parse(Buffer.from(index.bytes).toString()) as { layers: { digest: never }[] };
    for (const { digest } of layers) blobs.delete(digest);
    const gateway = replica(oneKey);
    await gateway.push([other]);
    expect(await listedBy(clock, gateway)).toEqual(['hello-1.0-r0', 'other-2.0-r0']);
    expect(await listedBy(clock, replica(oneKey))).toEqual(['hello-1.0-r0', 'other-2.0-r0']);
  });
});

describe('upkeep', () => {
  const tombstones = (tags: Iterable<string>) => [...tags].filter((tag) => tag.includes('-d-'));

  it('clears an old tombstone away, and never a young one', async () => {
    const { clock, store, replica } = aWorld();
    const gateway = replica(oneKey);
    await gateway.push([hello]);
    await withdraw(gateway, clock, 'hello-1.0-r0.apk');
    await gateway.push([other]);
    expect(tombstones(store.state(at.image).tags.keys())).toHaveLength(1);
    clock.pass(lease.tombstoneMs + 1_000);
    // By a clock that is ahead it may only look old: until this replica has known of it for long it stays.
    await gateway.push([hello]);
    expect(tombstones(store.state(at.image).tags.keys())).toHaveLength(1);
    clock.pass(lease.graveMs);
    await gateway.push([{ name: 'more', version: '1-r0' }]);
    await withdraw(gateway, clock, 'more-1-r0.apk');
    expect(tombstones(store.state(at.image).tags.keys()).join()).not.toContain('hello');
    expect(await listedBy(clock, gateway)).toEqual(['hello-1.0-r0', 'other-2.0-r0']);
  });

  it('never makes a publish fail, and leaves an image alone where it may not', async () => {
    const deletes: string[] = [];
    let mayDelete = true;
    const { clock, replica } = aWorld({
      before({ operation, reference = '' }) {
        if (operation !== 'deleteTag' || mayDelete) return Promise.resolve();
        deletes.push(reference);
        return Promise.reject(new GatewayError('FORBIDDEN', 'may not delete'));
      },
    });
    const gateway = replica(oneKey);
    await gateway.push([hello]);
    await withdraw(gateway, clock, 'hello-1.0-r0.apk');
    mayDelete = false;
    clock.pass(lease.tombstoneMs + 1_000);
    await gateway.push([other]);
    clock.pass(lease.graveMs);
    for (const version of ['1-r0', '2-r0', '3-r0']) {
      expect(await gateway.push([{ name: 'more', version }])).toEqual(['published']);
      clock.pass(30_000);
    }
    expect(deletes).toHaveLength(1);
  });
});
