import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { createImageSigningKeys } from '../../../src/repository/keys/image-signing-keys.ts';
import { aClock } from '../../support/a-repository.ts';
import { createKeySeal, type KeySealOptions } from '../../../src/repository/keys/key-seal.ts';
import type { SigningKeys } from '../../../src/repository/keys/signing-keys.ts';
import { createRecordingStore, type MemoryImage, type MemoryStoreOptions } from '../../support/memory-store.ts';
import { aLog, aPrivateKey } from '../../support/signing-keys.ts';

const aesKey = new Uint8Array(32).fill(7);

function aWorld(options: MemoryStoreOptions = {}) {
  const { store, calls } = createRecordingStore(options);
  const clock = aClock(1_700_000_000_000);
  let made = 0;
  const replica = (key = 'test-only-2048.rsa', seal: KeySealOptions = { aesKey }): SigningKeys =>
    createImageSigningKeys({
      seal: createKeySeal(seal),
      clock,
      log: aLog(),
      makeKey: () => {
        made += 1;
        return Promise.resolve(aPrivateKey(key));
      },
    });
  const image = (name = 'team/apps') => store.image(name, { kind: 'anonymous' });
  return { store, calls, clock, replica, image, made: () => made };
}

function plant(from: MemoryImage, to: MemoryImage): void {
  for (const [tag, digest] of from.tags) to.tags.set(tag, digest);
  for (const [digest, manifest] of from.manifests) to.manifests.set(digest, manifest);
  for (const [digest, blob] of from.blobs) to.blobs.set(digest, blob);
}

const namesOf = async (keys: ReturnType<SigningKeys['ofImage']>) => (await keys).map(({ fileName }) => fileName);

describe('the first key of an image', () => {
  it('is made by the first push alone and named after image and key', async () => {
    const { replica, image } = aWorld();
    const keys = replica();
    expect(await keys.ofImage(image())).toEqual([]);
    expect(await namesOf(keys.ofImageForWriting(image()))).toEqual(['team-apps-b265d329.rsa.pub']);
    expect(await namesOf(keys.ofImage(image()))).toEqual(['team-apps-b265d329.rsa.pub']);
  });

  it('is made once however many pushes of one process come at once', async () => {
    const { replica, image, made } = aWorld();
    const keys = replica();
    await Promise.all(Array.from({ length: 8 }, () => keys.ofImageForWriting(image())));
    expect(made()).toBe(1);
  });

  it('is uploaded again where the registry misses a blob that was just uploaded', async () => {
    let misses = 4;
    const { clock, replica, image } = aWorld({
      before: ({ operation }) => {
        if (operation !== 'pushManifest' || misses-- <= 0) return Promise.resolve();
        return Promise.reject(new GatewayError('BLOB_UNKNOWN', 'misses the config'));
      },
    });
    expect(await namesOf(clock.until(replica().ofImageForWriting(image())))).toHaveLength(1);
  });

  it('signs nothing where the registry took it and does not have it', async () => {
    const images = new Map<string, MemoryImage>();
    const { clock, replica, image } = aWorld({
      images,
      after: ({ operation, reference = '' }) => {
        if (operation === 'pushManifest' && reference.startsWith('key-'))
          images.get('team/apps')!.tags.delete(reference);
        return Promise.resolve();
      },
    });
    const keys = replica();
    await expect(clock.until(keys.ofImageForWriting(image()))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await keys.ofImage(image())).toEqual([]);
  });

  it('is made by the next in turn where the first may not push', async () => {
    let refusals = 0;
    const { replica, image } = aWorld({
      before: ({ operation }) => {
        if (operation !== 'pushBlob' || refusals++ > 0) return Promise.resolve();
        return Promise.reject(new GatewayError('FORBIDDEN', 'may not push'));
      },
    });
    const keys = replica();
    const [first, second] = await Promise.allSettled([image(), image()].map((at) => keys.ofImageForWriting(at)));
    expect([first?.status, second?.status]).toEqual(['rejected', 'fulfilled']);
  });

  it('is found by another replica', async () => {
    const { replica, image, made } = aWorld();
    await replica().ofImageForWriting(image());
    expect(await namesOf(replica().ofImageForWriting(image()))).toEqual(['team-apps-b265d329.rsa.pub']);
    expect(made()).toBe(1);
  });

  it('goes without an artifact type where the registry refuses it', async () => {
    let refusals = 0;
    const { replica, image } = aWorld({
      before: ({ operation }) => {
        if (operation !== 'pushManifest' || refusals++ > 0) return Promise.resolve();
        return Promise.reject(new GatewayError('STORE_ANSWER_INVALID', 'no', { details: { refused: true } }));
      },
    });
    await replica().ofImageForWriting(image());
    expect(await namesOf(replica().ofImage(image()))).toHaveLength(1);
  });

  it('costs nothing to ask for again', async () => {
    const { replica, image, calls } = aWorld();
    const keys = replica();
    await keys.ofImageForWriting(image());
    calls.length = 0;
    await keys.ofImage(image());
    await keys.ofImageForWriting(image(), { signers: ['team-apps-b265d329.rsa.pub'] });
    expect(calls).toEqual([]);
  });
});

describe('two makers at once', () => {
  it('end with both keys, the oldest primary', async () => {
    const { replica, image, clock } = aWorld({ listing: () => [] });
    const [one, two] = [replica('test-only-2048.rsa'), replica('test-only-untrusted.rsa')];
    const [first] = await one.ofImageForWriting(image());
    clock.pass(1000);
    const [second] = await two.ofImageForWriting(image());
    const signers = [first!.fileName, second!.fileName];
    expect(signers[0]).not.toBe(signers[1]);
    // The listing shows nothing; the signers of the index lead to the keys.
    expect(await namesOf(one.ofImage(image(), { signers }))).toEqual(signers);
    expect(await namesOf(two.ofImage(image(), { signers }))).toEqual(signers);
    expect(await namesOf(replica().ofImage(image(), { signers }))).toEqual(signers);
  });

  it('made in the same second end with one order on both', async () => {
    const { replica, image } = aWorld({ listing: () => [] });
    const [one, two] = [replica('test-only-2048.rsa'), replica('test-only-untrusted.rsa')];
    const made = [await one.ofImageForWriting(image()), await two.ofImageForWriting(image())];
    const signers = made.map(([key]) => key!.fileName);
    const order = await namesOf(one.ofImage(image(), { signers }));
    expect(await namesOf(two.ofImage(image(), { signers }))).toEqual(order);
    expect(order).toEqual([...signers].sort());
  });
});

describe('a key that this gateway cannot open', () => {
  it.each<[string, KeySealOptions]>([
    ['another AES key', { aesKey: new Uint8Array(32).fill(8) }],
    ['a passphrase instead of the AES key', { passphrase: 'secret', passphraseRounds: 1000 }],
  ])('stops pushes and reads, and no second key is made: %s', async (_, seal) => {
    const { replica, image, made } = aWorld();
    await replica().ofImageForWriting(image());
    const stranger = replica('test-only-untrusted.rsa', seal);
    await expect(stranger.ofImageForWriting(image())).rejects.toMatchObject({ code: 'SIGNING_KEY_LOCKED' });
    await expect(stranger.ofImage(image())).rejects.toMatchObject({ code: 'SIGNING_KEY_LOCKED' });
    expect(made()).toBe(1);
  });

  it('does not stop a gateway that has a key of its own there', async () => {
    const { store, replica, image, clock } = aWorld();
    const keys = replica();
    await keys.ofImageForWriting(image());
    const elsewhere = aWorld();
    const stranger = elsewhere.replica('test-only-untrusted.rsa', { aesKey: new Uint8Array(32).fill(8) });
    await stranger.ofImageForWriting(elsewhere.image());
    plant(elsewhere.store.state('team/apps'), store.state('team/apps'));
    clock.pass(60_000);
    expect(await namesOf(keys.ofImageForWriting(image()))).toHaveLength(1);
  });
});

describe('a key tag that somebody planted', () => {
  it('does not count where it is a copy from another image', async () => {
    const { store, replica, image } = aWorld();
    await replica().ofImageForWriting(image('team/apps'));
    plant(store.state('team/apps'), store.state('other/apps'));
    expect(await replica().ofImage(image('other/apps'))).toEqual([]);
    const own = replica('test-only-untrusted.rsa').ofImageForWriting(image('other/apps'));
    expect(await namesOf(own)).not.toEqual(['other-apps-b265d329.rsa.pub']);
  });

  it('does not count where it stands under another tag, or is no key at all', async () => {
    const { store, replica, image } = aWorld();
    await replica().ofImageForWriting(image());
    const { tags, manifests } = store.state('team/apps');
    const [digest] = tags.values();
    tags.clear();
    tags.set('key-00000000', digest!);
    manifests.set(`sha256:${'0'.repeat(64)}`, { mediaType: 'text/plain', bytes: Buffer.from('no manifest') });
    tags.set('key-11111111', `sha256:${'0'.repeat(64)}`);
    expect(await replica().ofImage(image())).toEqual([]);
  });

  it('among too many is refused as a whole', async () => {
    const { store, replica, image } = aWorld();
    const { tags } = store.state('team/apps');
    for (let i = 0; i < 65; i++) tags.set(`key-${i.toString(16).padStart(8, '0')}`, `sha256:${'0'.repeat(64)}`);
    await expect(replica().ofImage(image())).rejects.toMatchObject({ code: 'SIGNING_KEY_LOCKED' });
  });
});

describe('as time goes by', () => {
  it('a key just made is kept though no listing and no read shows it', async () => {
    let isHidden = false;
    const lookup: MemoryStoreOptions['lookup'] = (_image, tag, { tags }) => (isHidden ? undefined : tags.get(tag));
    const { replica, image, clock } = aWorld({ listing: () => [], lookup });
    const keys = replica();
    await keys.ofImageForWriting(image());
    isHidden = true;
    clock.pass(61_000);
    expect(await namesOf(keys.ofImage(image()))).toHaveLength(1);
  });

  it('a key whose tag was removed goes, one that was added comes', async () => {
    const { store, replica, image, clock } = aWorld();
    const keys = replica();
    const [first] = await namesOf(keys.ofImageForWriting(image()));
    store.state('team/apps').tags.clear();
    const next = replica('test-only-untrusted.rsa');
    const [added] = await namesOf(next.ofImageForWriting(image()));
    clock.pass(60_000);
    // One answer is no proof, and a clock that is set makes it none.
    expect(await namesOf(keys.ofImage(image()))).toEqual([first, added]);
    clock.step(1_200_000);
    expect(await namesOf(keys.ofImage(image(), { refresh: true }))).toEqual([first, added]);
    clock.pass(300_000);
    expect(await namesOf(keys.ofImage(image()))).toEqual([added]);
  });

  it('what is known goes on signing while the registry is away', async () => {
    let isAway = false;
    const { replica, image, clock } = aWorld({
      before: () => (isAway ? Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'away')) : Promise.resolve()),
    });
    const keys = replica();
    await keys.ofImageForWriting(image());
    isAway = true;
    clock.pass(600_000);
    expect(await namesOf(keys.ofImage(image()))).toHaveLength(1);
    await expect(replica().ofImage(image())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('a sealed private key', () => {
  const facts = { keyId: 'ab'.repeat(16), image: 'team/apps', madeAt: 1 };

  it('opens with the passphrase it was sealed with, and tells its facts', async () => {
    const seal = createKeySeal({ passphrase: 'secret', passphraseRounds: 1000 });
    expect(await seal.open(await seal.seal('text', facts))).toEqual({ text: 'text', facts });
    const moved = createKeySeal({ passphrase: 'secret', passphraseRounds: 1000, aesKey });
    expect(await moved.open(await seal.seal('text', facts))).toEqual({ text: 'text', facts });
  });

  it('does not open where it asks for more rounds than our own, or is no JWE', async () => {
    const dear = createKeySeal({ passphrase: 'secret', passphraseRounds: 2000 });
    const ours = createKeySeal({ passphrase: 'secret', passphraseRounds: 1000 });
    expect(await ours.open(await dear.seal('text', facts))).toBeUndefined();
    expect(await ours.open('no.jwe')).toBeUndefined();
    expect(await ours.open('')).toBeUndefined();
  });
});
