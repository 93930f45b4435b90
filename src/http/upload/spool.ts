import { randomUUID } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { GatewayError } from '../../errors.ts';

/** Memory that several spools share. */
export interface MemoryBudget {
  /** Whether so many bytes were still to be had; they are taken then. */
  take(bytes: number): boolean;
  giveBack(bytes: number): void;
}

export interface SpoolOptions {
  /** Content goes to a file once it has no more memory to take. */
  readonly memory: MemoryBudget;
  /** Where that file is made; it loses its name at once, so that nothing is left behind by a crash. */
  readonly directory: string;
}

/** Bytes on their way from a caller to the store, to be read as often as needed. */
export interface Spool {
  /** Keeps the chunk (not copied); resolves when more may come. Throws OVERLOADED where the disk takes no more. */
  write(chunk: Uint8Array): Promise<void>;
  /** All bytes written, from the first one on, each time it is called. */
  open(): Readable | Uint8Array;
  /** Gives memory and file back; streams still open end with an error. Never throws. */
  close(): Promise<void>;
}

const readBytes = 64 * 1024;

/** So many bytes of memory. */
export function createMemoryBudget(bytes: number): MemoryBudget {
  let left = bytes;
  return {
    take(wanted) {
      if (wanted > left) return false;
      left -= wanted;
      return true;
    },
    giveBack(given) {
      left += given;
    },
  };
}

/** A spool that keeps small content in memory and the rest in a file without a name. */
export function createSpool(options: SpoolOptions): Spool {
  let chunks: Uint8Array[] = [];
  let heldBytes = 0;
  let file: FileHandle | undefined;

  const letGo = () => {
    chunks = [];
    options.memory.giveBack(heldBytes);
    heldBytes = 0;
  };
  const spill = async (directory: string) => {
    const opened = await openNameless(directory);
    file = opened;
    for (const chunk of chunks) await opened.appendFile(chunk);
    letGo();
    return opened;
  };

  return {
    async write(chunk) {
      if (file === undefined && options.memory.take(chunk.byteLength)) {
        chunks.push(chunk);
        heldBytes += chunk.byteLength;
        return;
      }
      await withSpace(async () => {
        await (file ?? (await spill(options.directory))).appendFile(chunk);
      });
    },
    open() {
      if (file !== undefined) return readFromStart(file);
      chunks = [Buffer.concat(chunks)];
      return chunks[0] ?? new Uint8Array();
    },
    async close() {
      letGo();
      await file?.close().catch(() => undefined);
    },
  };
}

/**
 * Reads by position and leaves the file open: a file handle's own stream closes it when it is destroyed, as an HTTP client does
 * with the body of a request that failed, and then nothing could be sent a second time.
 */
function readFromStart(file: FileHandle): Readable {
  let position = 0;
  return new Readable({
    highWaterMark: readBytes,
    read() {
      file.read(Buffer.allocUnsafe(readBytes), 0, readBytes, position).then(
        ({ bytesRead, buffer }) => {
          position += bytesRead;
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
