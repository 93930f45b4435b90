import { stat, utimes, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { Readable, pipeline } from 'node:stream';
import { pipeline as pipelineDone } from 'node:stream/promises';
import { GatewayError } from '../../errors.ts';
import { digestOf, hexOf, type Digest } from '../../oci/digest.ts';
import { abortedFault } from '../../concurrency/aborted.ts';
import type { AtomicFiles } from '../../files/atomic-files.ts';
import { openPlainFile } from '../../files/plain-file.ts';
import { unlessAbsent } from './directory-fault.ts';
import type { BlobDescriptor, BlobSource, ByteRange, OpenBlob, UploadOptions } from '../store.ts';
import { verifyBlob } from '../verified-stream.ts';

/** Blobs as files under the 64 hex digits of their digest. What is written again is touched instead, where it has its size. */
export interface BlobFolder {
  /** False as well where the file has another size than this. */
  has(digest: Digest, size?: number): Promise<boolean>;
  /** Whether the blob is there; it then has the time of now. */
  touch(digest: Digest): Promise<boolean>;
  open(blob: BlobDescriptor, range?: ByteRange, signal?: AbortSignal): Promise<OpenBlob | undefined>;
  /** Throws DIGEST_MISMATCH, and then leaves nothing, where the content isn't what its descriptor says. */
  write(source: BlobSource, options?: UploadOptions): Promise<void>;
  /** Takes the blob of another image's folder over; false where there is none of that size. */
  mount(blob: BlobDescriptor, from: string): Promise<boolean>;
  push(bytes: Uint8Array, options?: UploadOptions): Promise<BlobDescriptor>;
}

const readBytes = 256 * 1024;

/** The blobs in a folder, which need not be there. */
export function createBlobFolder(
  { files, now }: { readonly files: AtomicFiles; readonly now: () => number },
  folder: string,
): BlobFolder {
  const pathOf = (digest: Digest) => path.join(folder, hexOf(digest));
  const touch = (digest: Digest) => touchFile(pathOf(digest), now());
  const has = async (digest: Digest, size?: number) => {
    const found = await unlessAbsent(stat(pathOf(digest)));
    return found !== undefined && (size === undefined || found.size === size);
  };
  // An empty or short file is what a disk without power, or another tool that was broken off, left of one.
  const touchWhole = async ({ digest, size }: BlobDescriptor) => (await has(digest, size)) && (await touch(digest));
  return {
    touch,
    has,
    open: async (blob, range, signal) => {
      const file = await unlessAbsent(openPlainFile(pathOf(blob.digest)));
      return file && openFile(file, blob, range, signal);
    },
    write: async (source, { signal, isAnew = false } = {}) => {
      if (!isAnew && (await touchWhole(source))) return;
      await files.write(pathOf(source.digest), (file) => fillVerified(file, source, signal));
    },
    mount: async (blob, from) => {
      if (await touchWhole(blob)) return true;
      const source = path.join(from, hexOf(blob.digest));
      if ((await unlessAbsent(stat(source)))?.size !== blob.size) return false;
      const isShared = (await unlessAbsent(files.share(source, pathOf(blob.digest)).then(() => true))) === true;
      // Both names have one time: a collection of either image sees that it was used just now.
      return isShared && (await touch(blob.digest));
    },
    push: async (bytes, { isAnew = false } = {}) => {
      const blob = { digest: digestOf(bytes), size: bytes.length };
      if (isAnew || !(await touchWhole(blob))) await files.write(pathOf(blob.digest), (file) => file.writeFile(bytes));
      return blob;
    },
  };
}

/** Gives a file that time, in milliseconds since 1970; false where it isn't there. */
export async function touchFile(file: string, nowMs: number): Promise<boolean> {
  const time = new Date(nowMs);
  return (await unlessAbsent(utimes(file, time, time).then(() => true))) === true;
}

async function openFile(
  file: FileHandle,
  blob: BlobDescriptor,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
): Promise<OpenBlob> {
  const { size } = await file.stat();
  if (range === undefined ? size !== blob.size : range.end >= size) {
    await file.close();
    throw new GatewayError('DIGEST_MISMATCH', `the store has ${size} bytes for ${blob.digest}, expected ${blob.size}`);
  }
  const stream = file.createReadStream({ ...range, highWaterMark: readBytes });
  const result = range === undefined ? pipeline(stream, verifyBlob(blob), ignore) : stream;
  const leave = () => result.destroy(signal && abortedFault(signal));
  signal?.addEventListener('abort', leave, { once: true });
  result.once('close', () => signal?.removeEventListener('abort', leave));
  return { stream: result, size: range === undefined ? size : range.end - range.start + 1 };
}

async function fillVerified(file: FileHandle, source: BlobSource, signal: AbortSignal | undefined): Promise<void> {
  const content = source.open();
  const stream = content instanceof Uint8Array ? Readable.from([content], { objectMode: false }) : content;
  let unwritten: unknown;
  const write = (chunks: AsyncIterable<Uint8Array>) =>
    writeChunks(file, chunks).catch((error: unknown) => {
      unwritten = error;
      throw error;
    });
  try {
    await pipelineDone(stream, verifyBlob(source), write, { ...(signal && { signal }) });
  } catch (error) {
    // A full disk ends the source, and a source that is a generator says that it was aborted: the disk's word counts.
    throw signal?.aborted === true ? abortedFault(signal) : (unwritten ?? error);
  }
}

async function writeChunks(file: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  // At a handle, writeFile goes on from where the one before ended, and writes all of it.
  for await (const chunk of chunks) await file.writeFile(chunk);
}

function ignore(): void {
  // Whoever reads the stream is told by it.
}
