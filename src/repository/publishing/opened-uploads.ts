import { digestOf } from '../../oci/digest.ts';
import type { BlobUpload, CallOptions, ImageStore } from '../../store/store.ts';

/**
 * Upload sessions that were opened before it is known what goes into them: opening one takes a registry as long as filling it.
 */
export interface OpenedUploads {
  /** Uploads a blob, whatever a store says that it has: into one of them, or as any blob where none is left. */
  upload(image: ImageStore, bytes: Uint8Array, call: CallOptions): Promise<void>;
  /** Gives back those that nobody took. Never throws. */
  close(): Promise<void>;
}

/** Opens so many. One that can't be opened is one less: whoever uploads is told why. */
export function openUploads(image: ImageStore, count: number, call: CallOptions): OpenedUploads {
  const sessions = Array.from({ length: count }, () => image.startUpload(call).catch(() => undefined));
  return {
    async upload(other, bytes, uploading) {
      const session = await sessions.pop();
      if (session === undefined) await other.pushBlob(bytes, { ...uploading, isAnew: true });
      else await fill(session, bytes, uploading);
    },
    async close() {
      await Promise.all(sessions.splice(0).map(async (session) => (await session)?.cancel()));
    },
  };
}

async function fill(session: BlobUpload, bytes: Uint8Array, { signal }: CallOptions): Promise<void> {
  try {
    const source = { digest: digestOf(bytes), size: bytes.length, open: () => bytes };
    await session.finish(source, { signal, isAnew: true });
  } finally {
    await session.cancel();
  }
}
