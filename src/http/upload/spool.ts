import { randomUUID } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { GatewayError } from '../../errors.ts';

export interface SpoolOptions {
  /** Bytes of all content that are held in memory; what is over goes to a file. */
  readonly memoryBytes: number;
  /** Where that file is made; it loses its name at once, so that nothing is left behind by a crash. */
  readonly directory: string;
}

/** What one upload holds on its way to the store: one file at most, however many packages there are. */
export interface Spool {
  /** Begins the content of one more package; nothing is written to those before it any more. */
  begin(): SpooledContent;
  /** Gives memory and file back; streams still open end with an error. Never throws. */
  close(): Promise<void>;
}

/** Bytes on their way from a caller to the store, to be read as often as needed. */
export interface SpooledContent {
  /** Keeps the chunk (not copied); resolves when more may come. Throws OVERLOADED where the disk takes no more. */
  write(chunk: Uint8Array): Promise<void>;
  /** All bytes written, from the first one on, each time it is called. */
  open(): Readable | Uint8Array;
}

/** Bytes of a file from one place on. */
interface Stretch {
  readonly file: FileHandle;
  readonly start: number;
  bytes: number;
}

const readBytes = 64 * 1024;

/** A spool that keeps small content in memory and the rest in a file without a name. */
export function createSpool({ memoryBytes, directory }: SpoolOptions): Spool {
  const held = new Set<{ chunks: Uint8Array[] }>();
  let leftBytes = memoryBytes;
  let file: FileHandle | undefined;
  let fileBytes = 0;

  const append = async (stretch: Stretch, chunk: Uint8Array) => {
    await stretch.file.appendFile(chunk);
    stretch.bytes += chunk.byteLength;
    fileBytes += chunk.byteLength;
  };
  const spill = async (memory: { chunks: Uint8Array[] }): Promise<Stretch> => {
    file ??= await openNameless(directory);
    const stretch = { file, start: fileBytes, bytes: 0 };
    for (const chunk of memory.chunks) await append(stretch, chunk);
    leftBytes += stretch.bytes;
    memory.chunks = [];
    return stretch;
  };

  return {
    begin() {
      const memory: { chunks: Uint8Array[] } = { chunks: [] };
      let stretch: Stretch | undefined;
      held.add(memory);
      return {
        async write(chunk) {
          if (stretch === undefined && chunk.byteLength <= leftBytes) {
            leftBytes -= chunk.byteLength;
            memory.chunks.push(chunk);
            return;
          }
          await withSpace(async () => {
            stretch ??= await spill(memory);
            await append(stretch, chunk);
          });
        },
        open() {
          if (stretch !== undefined) return readStretch(stretch);
          memory.chunks = [Buffer.concat(memory.chunks)];
          return memory.chunks[0] ?? new Uint8Array();
        },
      };
    },
    async close() {
      for (const memory of held) memory.chunks = [];
      await file?.close().catch(() => undefined);
    },
  };
}

/**
 * Reads by position and leaves the file open: a file handle's own stream closes it when it is destroyed, as an HTTP client does
 * with the body of a request that failed, and then nothing could be sent a second time.
 */
function readStretch({ file, start, bytes }: Stretch): Readable {
  let done = 0;
  return new Readable({
    highWaterMark: readBytes,
    read() {
      const wanted = Math.min(readBytes, bytes - done);
      if (wanted === 0) return void this.push(null);
      file.read(Buffer.allocUnsafe(wanted), 0, wanted, start + done).then(
        ({ bytesRead, buffer }) => {
          done += bytesRead;
          this.push(bytesRead === 0 ? null : buffer.subarray(0, bytesRead));
        },
        (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    },
  });
}

async function openNameless(directory: string): Promise<FileHandle> {
  const path = join(directory, `lkard-upload-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}

async function withSpace(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    throw new GatewayError('OVERLOADED', 'no room for the upload among the temporary files', { cause });
  }
}
