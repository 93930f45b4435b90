import { access, constants, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { GatewayError, isGatewayError } from '../../errors.ts';
import { isImageName } from '../../oci/reference.ts';
import { stampOf } from '../../time/stamps.ts';
import { refuseAborted } from '../../concurrency/aborted.ts';
import { isReadable } from '../is-readable.ts';
import { createAtomicFiles } from '../../files/atomic-files.ts';
import { diskFault } from './directory-fault.ts';
import { createFolderPresence, type FolderPresence } from './folder-presence.ts';
import { findImages } from './directory-images.ts';
import { createImageFolder, type ImageFolder } from './image-folder.ts';
import type { CallOptions, Credentials, ImageStore, Store } from '../store.ts';

export type ImageAction = 'pull' | 'push' | 'delete';

/** Judges whether a caller may do this to an image: returns, or throws UNAUTHORIZED or FORBIDDEN. */
export type Authenticate = (credentials: Credentials, image: string, action: ImageAction) => Promise<void>;

export interface DirectoryStoreDeps {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Not asked for the gateway's own credentials. Default: everyone may do everything. */
  readonly authenticate?: Authenticate | undefined;
}

export interface DirectoryStoreOptions {
  /** Made where it isn't there; its content may be shared by processes of one machine. */
  readonly directory: string;
  /** Whether callers without credentials may read whatever `authenticate` would say. Default: false. */
  readonly isPublicRead?: boolean | undefined;
  /** Whether a write is on the disk before it counts. Default: true. */
  readonly fsync?: boolean | undefined;
}

const leftoverAgeMs = 24 * 60 * 60 * 1000;

/**
 * Creates the store that is a folder. Each image has its own, `images/<image>`, with `_tags/<tag>`, `_manifests/<hex>` and
 * `_blobs/<hex>`: no image name has a part that begins with `_`, and no image reaches into another's content.
 */
export function createDirectoryStore(deps: DirectoryStoreDeps, options: DirectoryStoreOptions): Store {
  const { directory, isPublicRead = false, fsync = true } = options;
  const authenticate = isPublicRead ? exceptReading(deps.authenticate) : deps.authenticate;
  const files = createAtomicFiles({ tempFolder: path.join(directory, 'uploads'), fsync });
  const presence = createFolderPresence(path.join(directory, 'images'));
  const cleaned = files.removeLeftovers(deps.now(), leftoverAgeMs).catch(() => undefined);

  const folderOf = (image: string) => {
    if (isImageName(image)) return path.join(directory, 'images', image);
    throw new GatewayError('IMAGE_INVALID', `${JSON.stringify(image)} can't name an image`, { details: { image } });
  };

  return {
    description: `directory ${directory}`,
    image: (image, credentials) => {
      const folder = createImageFolder({ files, now: deps.now }, folderOf(image));
      const mayDo = (action: ImageAction, other = image) => authorize(authenticate, credentials, other, action);
      return {
        ...guardedImage(folder, image, presence, mayDo),
        mountBlob: (blob, from, call) =>
          guardedCall(mayDo, 'push', call, async () => {
            await mayDo('pull', from);
            return await folder.mountBlob(blob, folderOf(from));
          }),
      };
    },
    imageNames: async (credentials, call) => {
      const found = await findImages(path.join(directory, 'images'), call).catch((error: unknown) => {
        throw diskFault(error);
      });
      await presence.believed(found.names);
      const names: string[] = [];
      for (const image of found.names) if (await mayPull(authenticate, credentials, image)) names.push(image);
      return { ...found, names };
    },
    stamp: () => stampOf(deps.now()),
    ping: async ({ signal } = {}) => {
      refuseAborted(signal);
      await presence.refuseVanished();
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
      } catch (error) {
        throw diskFault(error);
      }
    },
    close: async () => {
      await cleaned;
    },
  };
}

/** Nobody is asked who they are for reading; who says so all the same is judged. */
function exceptReading(authenticate: Authenticate | undefined): Authenticate | undefined {
  return (
    authenticate &&
    (async (credentials, image, action) => {
      if (action !== 'pull' || credentials.kind !== 'anonymous') await authenticate(credentials, image, action);
    })
  );
}

async function authorize(
  authenticate: Authenticate | undefined,
  credentials: Credentials,
  image: string,
  action: ImageAction,
): Promise<void> {
  if (credentials.kind !== 'gateway') await authenticate?.(credentials, image, action);
}

/** Whether this caller may see the image; UNAUTHORIZED where they are nobody at all. */
async function mayPull(authenticate: Authenticate | undefined, credentials: Credentials, image: string) {
  try {
    await authorize(authenticate, credentials, image, 'pull');
    return true;
  } catch (error) {
    if (isGatewayError(error, 'FORBIDDEN')) return false;
    throw error;
  }
}

async function guardedCall<T>(
  mayDo: (action: ImageAction) => Promise<void>,
  action: ImageAction,
  options: CallOptions | undefined,
  work: () => Promise<T>,
): Promise<T> {
  refuseAborted(options?.signal);
  await mayDo(action);
  return work().catch((error: unknown) => {
    throw diskFault(error);
  });
}

function guardedImage(
  folder: ImageFolder,
  image: string,
  presence: FolderPresence,
  mayDo: (action: ImageAction) => Promise<void>,
): Omit<ImageStore, 'mountBlob'> {
  const guarded = <T>(action: ImageAction, options: CallOptions | undefined, work: () => Promise<T>) =>
    guardedCall(mayDo, action, options, work);
  const read = <T>(options: CallOptions | undefined, work: () => Promise<T>) =>
    guarded('pull', options, async () => presence.believed(await work()));
  const openBlob: ImageStore['openBlob'] = (blob, options) =>
    read(options, () => folder.openBlob(blob, options?.range, options?.signal));
  return {
    image,
    resolve: (reference, options) => read(options, () => folder.resolve(reference)),
    fetchManifest: (reference, options) => read(options, () => folder.fetchManifest(reference)),
    pushManifest: (tag, manifest, options) => guarded('push', options, () => folder.pushManifest(tag, manifest)),
    tags: (options) => read(options, () => folder.tags()),
    deleteTag: (tag, options) => guarded('delete', options, () => folder.deleteTag(tag)),
    deleteManifest: (digest, options) => guarded('delete', options, () => folder.deleteManifest(digest)),
    hasBlob: (digest, options) => guarded('pull', options, () => folder.hasBlob(digest, options?.size)),
    openBlob,
    isReadable: (blob, options) => isReadable({ openBlob }, blob, options),
    locateBlob: (_blob, options) => guarded('pull', options, () => Promise.resolve(undefined)),
    startUpload: (options) =>
      guarded('push', options, async () => {
        await presence.refuseVanished();
        return {
          finish: (source, finishing) => guarded('push', finishing, () => folder.writeBlob(source, finishing)),
          cancel: () => Promise.resolve(),
        };
      }),
    pushBlob: (bytes, options) => guarded('push', options, () => folder.pushBlob(bytes, options)),
  };
}
