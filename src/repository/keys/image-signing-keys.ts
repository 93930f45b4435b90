import { GatewayError } from '../../errors.ts';
import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import { createInTurn } from '../../concurrency/in-turn.ts';
import type { Clock, InTurn, Log } from '../../ports.ts';
import { msSince } from '../../time/monotonic.ts';
import type { ImageStore } from '../../store/store.ts';
import { createArtifactWriter } from '../artifacts/artifact-writer.ts';
import { maxKeyTags, readImageKeyRing, ringOf, signerTags, type ImageKeyRing } from './image-key-ring.ts';
import { pushKeyTag } from './image-key-tags.ts';
import { imageKeyFileName } from './key-artifact.ts';
import type { KeySeal } from './key-seal.ts';
import { makePrivateKey, signingKeyOf, type MakePrivateKey } from './signing-key.ts';
import type { SigningKey, SigningKeys, SigningKeysOptions } from './signing-keys.ts';

/** How long an image's keys are taken to be all of them without looking. */
const recheckMs = 60_000;
/** How many images' keys are remembered. */
const maxImages = 10_000;

/**
 * Signing keys kept in each image, one tag a key, the private half sealed. Two replicas that make the first key at once end
 * with both: both sign, the oldest (then the one of the smallest id) is primary on every replica. `lkard resign` retires one.
 */
export function createImageSigningKeys(deps: {
  readonly seal: KeySeal;
  readonly clock: Pick<Clock, 'now' | 'monotonicMs' | 'sleep'>;
  readonly log: Log;
  readonly makeKey?: MakePrivateKey;
  /** Lets other processes of this gateway make a key of that name first or later, never at once. Default: there are none. */
  readonly inTurn?: InTurn | undefined;
}): SigningKeys {
  const { seal, clock, log, makeKey = makePrivateKey, inTurn: amongProcesses = alone } = deps;
  const artifacts = createArtifactWriter({ clock });
  const rings = createBoundedCache<ImageKeyRing>(maxImages);
  /** Makers of one image follow each other: each uses its own rights, and finds what the one before it made. */
  const inTurn = createInTurn();

  async function read(store: ImageStore, asked: SigningKeysOptions): Promise<ImageKeyRing> {
    const known = rings.get(store.image);
    if (known === undefined) return readAnew(store, undefined, asked);
    if (isCurrent(known, store.image, asked)) return known;
    // One asker looks again, the others go on with what is known.
    remember(store.image, { ...known, readAt: clock.monotonicMs() });
    try {
      return await readAnew(store, known, asked);
    } catch (error) {
      // This one may not list, or the registry is away.
      log.debug({ err: error, image: store.image }, "the signing keys can't be looked for again");
      return known;
    }
  }

  function isCurrent(ring: ImageKeyRing, image: string, { refresh, signers }: SigningKeysOptions): boolean {
    const isYoung = msSince(clock, ring.readAt) < recheckMs;
    return refresh !== true && isYoung && signerTags(image, signers).every((tag) => ring.found.has(tag));
  }

  async function readAnew(store: ImageStore, known: ImageKeyRing | undefined, asked: SigningKeysOptions) {
    const ring = await readImageKeyRing({ store, seal, clock }, known, asked);
    if (ring === undefined) throw lockedKeys(store.image, `there are more than ${maxKeyTags} of them`);
    if (ring.locked.length > (known?.locked.length ?? 0)) {
      log.warn({ image: store.image, tags: ring.locked }, "signing keys are there that this gateway can't open");
    }
    return remember(store.image, ring);
  }

  function remember(image: string, ring: ImageKeyRing): ImageKeyRing {
    // Nothing found isn't remembered: a caller who may see nothing would decide it for all, and could name any image.
    if (ring.keys.length + ring.locked.length > 0) rings.set(image, ring);
    else rings.delete(image);
    return ring;
  }

  async function makeFirst(store: ImageStore, asked: SigningKeysOptions): Promise<ImageKeyRing> {
    const ring = await read(store, { signal: asked.signal, signers: asked.signers });
    if (ring.keys.length > 0) return ring;
    refuseLocked(store.image, ring);
    const key = signingKeyOf(await makeKey(), (id) => imageKeyFileName(store.image, id));
    const made = await pushKeyTag({ seal, artifacts }, store, { key, madeAtMs: clock.now() }, { signal: asked.signal });
    const audited = { action: 'key', outcome: 'accepted' };
    log.audit({ ...audited, image: store.image, key: key.fileName }, 'audit: signing key made');
    remember(store.image, ringOf(new Map([[made.tag, { digest: undefined, content: made }]]), clock.monotonicMs()));
    // Another replica may have made one meanwhile.
    return read(store, { signal: asked.signal, refresh: true });
  }

  return {
    arePerImage: true,

    async ofImage(store, asked = {}) {
      const ring = await read(store, asked);
      if (ring.keys.length === 0) refuseLocked(store.image, ring);
      return keysOf(ring);
    },

    async ofImageForWriting(store, asked = {}) {
      const ring = await read(store, asked);
      if (ring.keys.length > 0) return keysOf(ring);
      const makeInTurn = () => amongProcesses(`key ${store.image}`, () => makeFirst(store, asked));
      return keysOf(await inTurn(store.image, makeInTurn));
    },
  };
}

const alone: InTurn = (_name, work) => work();

function keysOf(ring: ImageKeyRing): readonly SigningKey[] {
  return ring.keys.map(({ key }) => key);
}

function refuseLocked(image: string, ring: ImageKeyRing): void {
  if (ring.locked.length === 0) return;
  throw lockedKeys(image, `this gateway's --aes-key or --key-passphrase doesn't open ${ring.locked.join(', ')}`);
}

function lockedKeys(image: string, reason: string): GatewayError {
  return new GatewayError('SIGNING_KEY_LOCKED', `the signing keys of ${image} can't be used: ${reason}`, {
    details: { image },
  });
}
