import { describe, expect, it } from 'vitest';
import { isIndexV3Trusted, readIndexV3File } from '../../../../src/apk/index-v3/index-v3-file.ts';
import { GatewayError } from '../../../../src/errors.ts';
import { signingKeyOf } from '../../../../src/repository/keys/signing-key.ts';
import { createMemoryStore, type MemoryCall } from '../../../support/memory-store.ts';
import {
  aCaller,
  aClock,
  aReplica,
  aSigningKey,
  at,
  fixedKeys,
  type TestReplica,
  type V3Spec,
} from '../../../support/a-repository.ts';
import { aPrivateKey } from '../../../support/signing-keys.ts';

const old = { name: 'old', version: '1.0-r0' };
const fresh: V3Spec = { format: 'v3', name: 'fresh', version: '2.0-r0' };
const everywhere: V3Spec = { format: 'v3', name: 'everywhere', version: '3', arch: 'noarch' };
const rsa = aSigningKey('test-only-2048.rsa');
const otherRsa = aSigningKey('test-only-4096.rsa');
const ec = signingKeyOf(aPrivateKey('test-only-p256.pem'), 'test-only-p256.pem');

function aWorld(before?: (call: MemoryCall) => Promise<void>) {
  const clock = aClock();
  const store = createMemoryStore({ ...(before && { before }) });
  const replica = (keys = fixedKeys(rsa), options = {}) => aReplica({ store, clock, keys }, options);
  const open = ({ repositories }: TestReplica, architecture = 'x86_64', user = 'reader') =>
    clock.until(repositories.openIndexV3(at, architecture, aCaller(user)));
  const namesIn = async (one: TestReplica, architecture?: string) => {
    const index = await open(one, architecture);
    return index && ((await readIndexV3File(index.bytes)).index.packages ?? []).map(({ name }) => name);
  };
  return { clock, store, replica, open, namesIn };
}

describe('Packages.adb', () => {
  it('lists the packages of both formats, noarch ones in every architecture', async () => {
    const { replica, namesIn } = aWorld();
    expect(await namesIn(replica())).toBeUndefined();
    await replica().push([old, fresh, everywhere]);
    expect(await namesIn(replica())).toEqual(['everywhere', 'fresh', 'old']);
    expect(await namesIn(replica(), 'aarch64')).toEqual(['everywhere']);
    expect(await namesIn(replica(), 'noarch')).toEqual(['everywhere']);
  });

  it('is the same bytes on every replica, and anew for every change', async () => {
    const { clock, replica, open } = aWorld();
    const one = replica();
    await one.push([old, fresh]);
    const first = await open(one);
    expect((await open(replica()))?.bytes).toEqual(first?.bytes);
    expect((await open(one))?.etag).toBe(first?.etag);
    await one.push([{ ...fresh, version: '2.1-r0' }]);
    expect((await open(one))?.etag).not.toBe(first?.etag);
    const file = { architecture: 'x86_64', fileName: 'fresh-2.1-r0.apk' };
    await clock.until(one.repositories.withdraw(at, file, aCaller('ci')));
    expect((await open(one))?.bytes).toEqual(first?.bytes);
  });

  it('is signed by every key; one of an EC key alone is trusted, too', async () => {
    const { replica, open } = aWorld();
    const keys = { ...fixedKeys(rsa, otherRsa), ofV3: () => Promise.resolve([ec]) };
    await replica(keys).push([old, fresh]);
    const index = await readIndexV3File((await open(replica(keys)))!.bytes);
    const trusts = (key: typeof rsa) => isIndexV3Trusted(index, [key.publicKey]);
    expect([rsa, otherRsa, ec].map(trusts)).toEqual([true, true, true]);
    expect(trusts(aSigningKey('test-only-untrusted.rsa'))).toBe(false);
    const { repositories } = replica(keys);
    expect((await repositories.keys(at.image, aCaller('reader'))).map(({ fileName }) => fileName)).toEqual([
      rsa.fileName,
      otherRsa.fileName,
      ec.fileName,
    ]);
  });

  it('is made once for all readers, and is at hand then', async () => {
    const { replica, open } = aWorld();
    const one = replica(undefined, { freshnessMs: 60_000 });
    await one.push([old, fresh]);
    const peek = (user: string) => one.repositories.peekIndexV3(at, 'x86_64', aCaller(user));
    expect(peek('reader')).toBeUndefined();
    const [first, second] = await Promise.all([open(one), open(one)]);
    expect(second).toBe(first);
    expect(peek('reader')).toBe(first);
    expect(peek('somebody else')).toBeUndefined();
  });

  it('is marked as APKINDEX is, while the registry is away', async () => {
    let isAway = false;
    const { clock, replica, open } = aWorld(() =>
      isAway ? Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'away')) : Promise.resolve(),
    );
    const one = replica(undefined, { freshnessMs: 1000 });
    await one.push([old, fresh]);
    const before = await open(one);
    expect(before?.isStale).toBe(false);
    isAway = true;
    clock.pass(5000);
    const after = await open(one);
    expect(after?.isStale).toBe(true);
    expect(after?.bytes).toBe(before?.bytes);
    await expect(open(one, 'x86_64', 'stranger')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('is marked as not compared for somebody who may read and not list', async () => {
    const { replica, namesIn, open } = aWorld(({ credentials, operation }) =>
      operation === 'tags' && credentials.kind === 'basic' && credentials.username === 'limited'
        ? Promise.reject(new GatewayError('FORBIDDEN', 'no'))
        : Promise.resolve(),
    );
    const one = replica();
    await one.push([old, fresh]);
    const limited = await open(replica(), 'x86_64', 'limited');
    expect(limited?.isUnverified).toBe(true);
    expect((await readIndexV3File(limited!.bytes)).index.packages).toHaveLength(2);
    expect((await open(one))?.isUnverified).toBe(false);
    expect(await namesIn(one)).toEqual(['fresh', 'old']);
    // What none of its own keys signed nobody can tell the content of.
    const stranger = replica(fixedKeys(aSigningKey('test-only-untrusted.rsa')));
    await expect(open(stranger, 'x86_64', 'limited')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('is nothing for somebody who may not read, whatever others have read', async () => {
    const { replica, open } = aWorld(({ credentials }) =>
      credentials.kind === 'basic' && credentials.username === 'stranger'
        ? Promise.reject(new GatewayError('FORBIDDEN', 'no'))
        : Promise.resolve(),
    );
    const one = replica(undefined, { freshnessMs: 60_000 });
    await one.push([old, fresh]);
    expect(await open(one)).toBeDefined();
    await expect(open(one, 'x86_64', 'stranger')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(one.repositories.peekIndexV3(at, 'x86_64', aCaller('stranger'))).toBeUndefined();
  });
});
