import { GatewayError } from '../../../src/errors.ts';
import { isReadable } from '../../../src/store/is-readable.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import type { BlobSource, CallOptions, ImageStore, Store } from '../../../src/store/store.ts';
import type { MemoryCall, MemoryImage } from '../../support/memory-store.ts';

/** What a registry, or what stands before it, does for a while. */
export type Trouble =
  /** A front end's bare 404, 429 or 503: no request reaches it. */
  | 'fault'
  /** No request is answered until it is over. */
  | 'hang'
  /** It takes no writes. */
  | 'read-only';

/** Somebody who may see nothing: the registry hides all that it has behind 404. */
export const stranger = { credentials: { kind: 'basic', username: 'stranger', password: 'x' } } as const;

/** A registry with moods; one for all replicas. */
export interface Troubles {
  /** From now on and for so long, in milliseconds of the world's time. */
  begin(trouble: Trouble, ms: number): void;
  /** Nothing goes wrong any more. */
  end(): void;
  /** What a request meets before it takes effect; what it throws is its answer. */
  meet(call: MemoryCall): Promise<void>;
  /** Removes what no tag names, as a collection does, while the registry goes on claiming the blobs. */
  collect(): void;
  /** Remembers how things are. */
  backUp(): void;
  /** Puts all back to how things were at the first back-up that is at least so many requests old; returns when that was. */
  restore(agoRequests: number): number;
  /** The store as it is seen through all this. */
  over(store: Store): Store;
}

const writes = new Set<MemoryCall['operation']>([
  ...(['pushManifest', 'pushBlob', 'startUpload', 'finishUpload', 'deleteTag', 'deleteManifest'] as const),
]);

export function createTroubles(world: {
  readonly images: Map<string, MemoryImage>;
  readonly nowMs: () => number;
  readonly steps: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}): Troubles {
  const { images, nowMs, steps, sleep } = world;
  const until: Record<Trouble, number> = { fault: -Infinity, hang: -Infinity, 'read-only': -Infinity };
  const isOn = (trouble: Trouble) => nowMs() < until[trouble];
  const backups: { readonly atStep: number; readonly images: ReadonlyMap<string, MemoryImage> }[] = [];
  /** Blobs that the registry claims and has no more. */
  const ghosts = new Set<Digest>();
  /** Blobs that were uploaded and no manifest names yet: a collection that takes them is for when nobody pushes. */
  const underWay = new Set<Digest>();

  return {
    begin(trouble, ms) {
      until[trouble] = nowMs() + ms;
    },
    end() {
      for (const trouble of Object.keys(until) as Trouble[]) until[trouble] = -Infinity;
    },
    async meet({ operation, signal }) {
      while (isOn('hang') && signal?.aborted !== true) await sleep(until.hang - nowMs(), signal);
      if (isOn('fault')) throw new GatewayError('STORE_UNAVAILABLE', 'a front end answers 404 without a word');
      if (isOn('read-only') && writes.has(operation)) {
        throw new GatewayError('STORE_UNAVAILABLE', 'the registry takes no writes now');
      }
    },
    collect() {
      for (const image of images.values())
        for (const digest of unnamedBlobs(image)) if (!underWay.has(digest)) ghosts.add(digest);
    },
    backUp() {
      backups.push({ atStep: steps(), images: copyOf(images) });
    },
    restore(agoRequests) {
      const old = backups.filter(({ atStep }) => atStep <= steps() - agoRequests);
      const backup = old.at(-1) ?? backups[0] ?? { atStep: 0, images: new Map<string, MemoryImage>() };
      images.clear();
      for (const [name, image] of copyOf(backup.images)) images.set(name, image);
      ghosts.clear();
      return backup.atStep;
    },
    over: (store) => ({
      ...store,
      image: (image, credentials, requestId) =>
        credentials.kind === 'basic' && credentials.username === stranger.credentials.username
          ? hidden(store.image(image, credentials, requestId))
          : haunted(store.image(image, credentials, requestId), ghosts, underWay),
    }),
  };
}

/** Manifests without a tag go, and what only they named. */
function unnamedBlobs({ tags, manifests }: MemoryImage): ReadonlySet<Digest> {
  const named = new Set<Digest>();
  const dropped = new Set<Digest>();
  const kept = new Set(tags.values());
  for (const [digest, { bytes }] of manifests) {
    for (const blob of blobsIn(bytes)) (kept.has(digest) ? named : dropped).add(blob);
    if (!kept.has(digest)) manifests.delete(digest);
  }
  return new Set([...dropped].filter((digest) => !named.has(digest)));
}

function blobsIn(manifest: Uint8Array): readonly Digest[] {
  const { config, layers = [] } = JSON.parse(Buffer.from(manifest).toString()) as {
    config?: { digest: Digest };
    layers?: { digest: Digest }[];
  };
  return [...(config === undefined ? [] : [config]), ...layers].map(({ digest }) => digest);
}

function copyOf(images: ReadonlyMap<string, MemoryImage>): Map<string, MemoryImage> {
  const copy = ({ tags, manifests, blobs }: MemoryImage) => ({
    tags: new Map(tags),
    manifests: new Map(manifests),
    blobs: new Map(blobs),
  });
  return new Map([...images].map(([name, image]) => [name, copy(image)]));
}

/** A registry that claims blobs which a collection has taken, and cuts their bodies short. */
function haunted(front: ImageStore, ghosts: Set<Digest>, underWay: Set<Digest>): ImageStore {
  const uploaded = (digest: Digest) => {
    ghosts.delete(digest);
    underWay.add(digest);
  };
  const openBlob: ImageStore['openBlob'] = async (blob, call) => {
    const opened = await front.openBlob(blob, call);
    if (opened === undefined || !ghosts.has(blob.digest)) return opened;
    opened.stream.destroy();
    throw new GatewayError('DIGEST_MISMATCH', `the body of ${blob.digest} ends too early`);
  };
  return {
    ...front,
    openBlob,
    isReadable: (blob, call) => isReadable({ openBlob }, blob, call),
    async pushManifest(tag, manifest, call) {
      const digest = await front.pushManifest(tag, manifest, call);
      for (const blob of blobsIn(manifest.bytes)) underWay.delete(blob);
      return digest;
    },
    async pushBlob(bytes, call) {
      const blob = await front.pushBlob(bytes, call);
      uploaded(blob.digest);
      return blob;
    },
    async startUpload(call) {
      const upload = await front.startUpload(call);
      return {
        cancel: () => upload.cancel(),
        async finish(source: BlobSource, finishing?: CallOptions) {
          await upload.finish(source, finishing);
          uploaded(source.digest);
        },
      };
    },
  };
}

/** The same image to somebody who may not see it. */
function hidden(front: ImageStore): ImageStore {
  const refused = () => Promise.reject(new GatewayError('FORBIDDEN', 'these credentials may not'));
  return {
    ...front,
    resolve: (reference, call) => front.resolve(reference, call).then(() => undefined),
    fetchManifest: (reference, call) => front.fetchManifest(reference, call).then(() => undefined),
    tags: (call) => front.tags(call).then(() => []),
    hasBlob: (digest, call) => front.hasBlob(digest, call).then(() => false),
    openBlob: (blob, call) => front.resolve(blob.digest, call).then(() => undefined),
    ...{ pushManifest: refused, pushBlob: refused, startUpload: refused, deleteTag: refused, deleteManifest: refused },
  };
}
