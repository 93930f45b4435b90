import { Readable } from 'node:stream';
import { GatewayError } from '../../src/errors.ts';
import { digestOf, isDigest, type Digest } from '../../src/oci/digest.ts';
import { isReadable } from '../../src/store/is-readable.ts';
import { stampOf } from '../../src/time/stamps.ts';
import type { BlobDescriptor, BlobSource, CallOptions, Credentials, ImageStore, Store } from '../../src/store/store.ts';

/** Everything an image has, open to whoever wants to look or to tamper. */
export interface MemoryImage {
  readonly tags: Map<string, Digest>;
  readonly manifests: Map<Digest, { readonly mediaType: string; readonly bytes: Uint8Array }>;
  readonly blobs: Map<Digest, Uint8Array>;
}

export interface MemoryCall {
  readonly image: string;
  readonly operation: 'ping' | 'finishUpload' | Exclude<keyof ImageStore, 'image'>;
  /** The tag or digest that the call is about, where it is about one. */
  readonly reference?: string | undefined;
  readonly credentials: Credentials;
  /** Of the caller who may give it up. */
  readonly signal?: AbortSignal | undefined;
}

export interface MemoryStoreOptions {
  /** Awaited before the call takes effect; what it throws is the call's outcome, and nothing happened. */
  readonly before?: (call: MemoryCall) => Promise<void>;
  /** Awaited after the call took effect; what it throws is the call's outcome, and yet it happened. */
  readonly after?: (call: MemoryCall) => Promise<void>;
  /** What the registry can do: remove a tag, only a manifest with all its tags, or nothing. Default: tag. */
  readonly deletes?: 'tag' | 'digest' | 'unsupported';
  /** Whether it mounts blobs of other images. Default: yes. */
  readonly mounts?: boolean;
  /** What a listing says. Default: the truth. */
  readonly listing?: (image: string, state: MemoryImage) => Iterable<string>;
  /** What a read by tag finds. Default: the truth. */
  readonly lookup?: (image: string, tag: string, state: MemoryImage) => Digest | undefined;
  /** Shared by the stores (one for each replica) of one simulated registry. Default: a new one. */
  readonly images?: Map<string, MemoryImage>;
}

export interface MemoryStore extends Store {
  readonly images: Map<string, MemoryImage>;
  /** The state of an image, made empty where there is none. */
  state(image: string): MemoryImage;
}

/** A registry in memory that keeps every promise of the Store interface, with a hook on each side of every call. */
export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const images = options.images ?? new Map<string, MemoryImage>();
  return {
    images,
    description: 'memory',
    state: (image) => stateOf(images, image),
    image: (image, credentials) => memoryImage(image, credentials, images, options),
    imageNames: (_credentials, { max }) => {
      const names = [...images].flatMap(([name, { tags }]) => (tags.size > 0 ? [name] : []));
      return Promise.resolve({ names: names.slice(0, max), isComplete: names.length <= max });
    },
    stamp: () => stampOf(Date.now()),
    ping: (call) =>
      hooked(options, { image: '', operation: 'ping', credentials: { kind: 'anonymous' } }, call, () => {}),
    close: () => Promise.resolve(),
  };
}

/** The same, with each call so far in order. */
export function createRecordingStore(options: MemoryStoreOptions = {}): {
  readonly store: MemoryStore;
  readonly calls: MemoryCall[];
} {
  const calls: MemoryCall[] = [];
  const before = async (call: MemoryCall) => {
    calls.push(call);
    await options.before?.(call);
  };
  return { store: createMemoryStore({ ...options, before }), calls };
}

function stateOf(images: Map<string, MemoryImage>, image: string): MemoryImage {
  const known = images.get(image);
  if (known !== undefined) return known;
  const state = emptyImage();
  images.set(image, state);
  return state;
}

function emptyImage(): MemoryImage {
  return { tags: new Map(), manifests: new Map(), blobs: new Map() };
}

async function hooked<T>(
  { before, after }: MemoryStoreOptions,
  call: MemoryCall,
  options: CallOptions | undefined,
  effect: () => T,
): Promise<T> {
  refuseAborted(options?.signal);
  if (before !== undefined) await before({ ...call, signal: options?.signal });
  refuseAborted(options?.signal);
  const result = effect();
  if (after !== undefined) await after(call);
  return result;
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new GatewayError('ABORTED', 'the call was ended by its caller', { cause: signal.reason });
}

function memoryImage(
  image: string,
  credentials: Credentials,
  images: Map<string, MemoryImage>,
  options: MemoryStoreOptions,
): ImageStore {
  const state = () => images.get(image) ?? emptyImage();
  const run = <T>(
    operation: MemoryCall['operation'],
    reference: string | undefined,
    call: CallOptions | undefined,
    effect: () => T,
  ): Promise<T> => hooked(options, { image, operation, reference, credentials }, call, effect);
  const find = (reference: string) => {
    const lookup = options.lookup ?? ((_image: string, tag: string, at: MemoryImage) => at.tags.get(tag));
    const digest = isDigest(reference) ? reference : lookup(image, reference, state());
    const manifest = digest === undefined ? undefined : state().manifests.get(digest);
    return digest === undefined || manifest === undefined ? undefined : { digest, ...manifest };
  };

  const openBlob: ImageStore['openBlob'] = (blob, call) =>
    run('openBlob', blob.digest, call, () => open(state(), blob, call?.range));
  return {
    image,
    resolve: (reference, call) =>
      run('resolve', reference, call, () => {
        const found = find(reference);
        return found && { digest: found.digest, mediaType: found.mediaType, size: found.bytes.length };
      }),
    fetchManifest: (reference, call) => run('fetchManifest', reference, call, () => find(reference)),
    pushManifest: (tag, manifest, call) =>
      run('pushManifest', tag, call, () => putManifest(stateOf(images, image), tag, manifest)),
    tags: (call) =>
      run('tags', undefined, call, () => [...new Set(options.listing?.(image, state()) ?? state().tags.keys())]),
    deleteTag: (tag, call) =>
      run('deleteTag', tag, call, () => {
        removeTag(state(), tag, options.deletes ?? 'tag');
      }),
    deleteManifest: (digest, call) =>
      run('deleteManifest', digest, call, () => {
        if (options.deletes === 'unsupported') throw new GatewayError('DELETE_UNSUPPORTED', 'nothing is removed here');
        const { manifests, tags } = state();
        for (const [tag, named] of [...tags]) if (named === digest) tags.delete(tag);
        manifests.delete(digest);
      }),
    hasBlob: (digest, call) => run('hasBlob', digest, call, () => state().blobs.has(digest)),
    openBlob,
    isReadable: (blob, call) => isReadable({ openBlob }, blob, call),
    locateBlob: (blob, call) => run('locateBlob', blob.digest, call, () => undefined),
    mountBlob: ({ digest, size }, from, call) =>
      run('mountBlob', digest, call, () => {
        const bytes = images.get(from)?.blobs.get(digest);
        if (options.mounts === false || bytes?.length !== size) return false;
        stateOf(images, image).blobs.set(digest, bytes);
        return true;
      }),
    startUpload: (call) =>
      run('startUpload', undefined, call, () => ({
        finish: async (source: BlobSource, finishing?: CallOptions) => {
          const bytes = await readAll(source);
          await run('finishUpload', source.digest, finishing, () => {
            stateOf(images, image).blobs.set(source.digest, checked(source, bytes));
          });
        },
        cancel: () => Promise.resolve(),
      })),
    pushBlob: (bytes, call) => {
      const blob = { digest: digestOf(bytes), size: bytes.length };
      return run('pushBlob', blob.digest, call, () => {
        stateOf(images, image).blobs.set(blob.digest, Uint8Array.from(bytes));
        return blob;
      });
    },
  };
}

function putManifest(state: MemoryImage, tag: string, manifest: { mediaType: string; bytes: Uint8Array }): Digest {
  const document = JSON.parse(Buffer.from(manifest.bytes).toString()) as {
    config?: { digest: Digest };
    layers?: { digest: Digest }[];
  };
  for (const named of [document.config, ...(document.layers ?? [])]) {
    if (named === undefined || state.blobs.has(named.digest)) continue;
    throw new GatewayError('BLOB_UNKNOWN', `the blob ${named.digest} is not there`, {
      details: { digest: named.digest },
    });
  }
  const digest = digestOf(manifest.bytes);
  state.manifests.set(digest, { mediaType: manifest.mediaType, bytes: Uint8Array.from(manifest.bytes) });
  state.tags.set(tag, digest);
  return digest;
}

function removeTag(state: MemoryImage, tag: string, deletes: 'tag' | 'digest' | 'unsupported'): void {
  if (deletes === 'unsupported') throw new GatewayError('DELETE_UNSUPPORTED', 'this registry removes nothing');
  const digest = state.tags.get(tag);
  state.tags.delete(tag);
  if (deletes === 'tag' || digest === undefined) return;
  state.manifests.delete(digest);
  for (const [other, at] of state.tags) if (at === digest) state.tags.delete(other);
}

function open(state: MemoryImage, blob: BlobDescriptor, range: { start: number; end: number } | undefined) {
  const bytes = state.blobs.get(blob.digest);
  if (bytes === undefined) return undefined;
  const wanted = range === undefined ? bytes : bytes.subarray(range.start, range.end + 1);
  const stream = new Readable({
    read() {
      if (range === undefined && !isBlob(blob, bytes)) return void this.destroy(mismatch(blob));
      if (range !== undefined && range.end >= bytes.length) return void this.destroy(mismatch(blob));
      if (wanted.length > 0) this.push(Buffer.from(wanted));
      this.push(null);
    },
  });
  return { stream, size: range === undefined ? blob.size : wanted.length };
}

async function readAll(source: BlobSource): Promise<Uint8Array> {
  const opened = source.open();
  if (opened instanceof Uint8Array) return Uint8Array.from(opened);
  const chunks: Buffer[] = [];
  for await (const chunk of opened) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

function checked(blob: BlobDescriptor, bytes: Uint8Array): Uint8Array {
  if (!isBlob(blob, bytes)) throw mismatch(blob);
  return bytes;
}

function isBlob(blob: BlobDescriptor, bytes: Uint8Array): boolean {
  return bytes.length === blob.size && digestOf(bytes) === blob.digest;
}

function mismatch(blob: BlobDescriptor): GatewayError {
  return new GatewayError('DIGEST_MISMATCH', `the content is not ${blob.digest} of ${blob.size} bytes`);
}
