import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { GatewayError } from '../../../errors.ts';
import type { PushBody } from '../http/gateway-client.ts';
import { whyUnreadable } from './unreadable.ts';

/** A file to push. */
export interface LocalFile {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
}

/** Told how many bytes of a file are on their way; from the beginning again where it is sent again. */
export type OnBytes = (file: LocalFile, sent: number) => void;

/** The file under this path. Throws FILE_INVALID for one that isn't a file or can't be read. */
export async function localFileOf(path: string): Promise<LocalFile> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw new GatewayError('FILE_INVALID', whyUnreadable(cause), { cause });
  });
  if (!stats.isFile()) throw new GatewayError('FILE_INVALID', 'it is no file');
  return { path, size: stats.size };
}

/**
 * The body that pushes these files in one go: a single one as it is, several as a form (RFC 7578) with a `file` field each.
 * Its size is known beforehand, its files are read as it is sent; `onBytes` is called with how far each file has got.
 */
export function pushBodyOf(files: readonly LocalFile[], onBytes: OnBytes = () => undefined): PushBody {
  const [first] = files;
  if (first !== undefined && files.length === 1) {
    return {
      open: () => Readable.from(contentOf(first, onBytes)),
      size: first.size,
      contentType: 'application/octet-stream',
    };
  }
  const boundary = `lkar-${randomUUID()}`;
  const parts = files.map((file) => ({ file, head: Buffer.from(headOf(file, boundary)) }));
  const tail = Buffer.from(`--${boundary}--\r\n`);
  const size = parts.reduce((sum, { file, head }) => sum + head.length + file.size + 2, tail.length);
  async function* form(): AsyncGenerator<Uint8Array> {
    for (const { file, head } of parts) {
      yield head;
      yield* contentOf(file, onBytes);
      yield Buffer.from('\r\n');
    }
    yield tail;
  }
  return { open: () => Readable.from(form()), size, contentType: `multipart/form-data; boundary=${boundary}` };
}

function headOf(file: LocalFile, boundary: string): string {
  // As browsers escape it (WHATWG HTML, multipart form data); the gateway looks inside the file for its name anyway.
  const name = basename(file.path).replace(/["\r\n]/g, (character) => encodeURIComponent(character));
  return `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`;
}

async function* contentOf(file: LocalFile, onBytes: OnBytes): AsyncGenerator<Uint8Array> {
  let sent = 0;
  onBytes(file, sent);
  for await (const chunk of createReadStream(file.path, { highWaterMark: 256 * 1024 })) {
    const bytes = chunk as Buffer;
    sent += bytes.length;
    onBytes(file, sent);
    yield bytes;
  }
}
