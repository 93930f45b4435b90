import { randomUUID } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { GatewayError } from '../errors.ts';

export interface SpoolOptions {
  /** Bytes held in memory before a file is made. */
  readonly memoryBytes: number;
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

/** A spool that keeps small content in memory and the rest in a file without a name. */
export function createSpool(options: SpoolOptions): Spool {
  let chunks: Uint8Array[] = [];
  let heldBytes = 0;
  let file: FileHandle | undefined;

  const hold = (chunk: Uint8Array) => {
    chunks.push(chunk);
    heldBytes += chunk.byteLength;
  };
  const spill = async (directory: string) => {
    file = await openNameless(directory);
    for (const chunk of chunks) await file.appendFile(chunk);
    chunks = [];
  };

  return {
    async write(chunk) {
      if (file === undefined && heldBytes + chunk.byteLength <= options.memoryBytes) {
        hold(chunk);
        return;
      }
      await withSpace(async () => {
        if (file === undefined) await spill(options.directory);
        await file?.appendFile(chunk);
      });
    },
    open() {
      if (file !== undefined) return file.createReadStream({ start: 0, autoClose: false });
      chunks = [Buffer.concat(chunks)];
      return chunks[0] ?? new Uint8Array();
    },
    async close() {
      chunks = [];
      await file?.close().catch(() => undefined);
    },
  };
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
