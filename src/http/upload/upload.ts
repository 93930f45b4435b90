import type { Readable } from 'node:stream';
import { createAnyPackageReader, type AnyPackageSummary } from '../../apk/any-package.ts';
import { fewBehind } from '../../concurrency/few-behind.ts';
import { GatewayError } from '../../errors.ts';
import type { StagedPackage } from '../../repository/service/publishing.ts';
import { readFormFiles } from './form-files.ts';
import { heldBytes } from './held-bytes.ts';
import { inBatches } from './in-batches.ts';
import { createSpool, type SpooledContent } from './spool.ts';

export interface UploadOptions {
  /** Bytes of the largest package. */
  readonly maxPackageBytes: number;
  /** Bytes of all packages of an upload. */
  readonly maxUploadBytes: number;
  /** Bytes of memory for what all packages of an upload say of themselves. */
  readonly maxHeldBytes: number;
  /** Bytes of the whole upload that are held in memory; what is over goes to a file. */
  readonly memoryBytes: number;
  /** Where that file is made. */
  readonly directory: string;
  /** Is given each piece of a bare body as it comes, and takes as long as it may. Never rejects. */
  readonly ahead?: ((piece: Uint8Array) => Promise<void>) | undefined;
  /** Waits for room for one package's payload, as v3 packages have them; what it gives gives that back. */
  readonly beginPayload?: (() => Promise<() => void>) | undefined;
}

/** What a caller sent: one package or several, each read whole and found good. */
export interface Upload {
  readonly packages: readonly StagedPackage[];
  /** Gives memory and temporary files back. Never throws. */
  release(): Promise<void>;
}

/** So far may reading a body be ahead of what is done with it: a thread each for unpacking and for the disk. */
const piecesBehind = 4;
/** And so large is a piece of what is larger. */
const batchBytes = 256 * 1024;

/** What is left of an upload's limits. */
interface Left {
  uploadBytes: number;
  heldBytes: number;
}

/**
 * Reads a request's body: a package as it is, or a multipart form (RFC 7578) with one or several. Takes no more memory for a
 * form than for a package and leaves the body open where it stops early. Throws what the package reader says, SIZE_EXCEEDED, or
 * REQUEST_INVALID for a body that is cut short or a form without a file; nothing is kept then.
 */
export async function receiveUpload(
  body: Readable,
  contentType: string | undefined,
  options: UploadOptions,
): Promise<Upload> {
  const spool = createSpool(options);
  const left = { uploadBytes: options.maxUploadBytes, heldBytes: options.maxHeldBytes };
  const stage = (content: Readable, ahead?: UploadOptions['ahead']) =>
    stagePackage(content, spool.begin(), { ...options, ahead }, left);
  const release = () => spool.close();
  try {
    const packages = isForm(contentType)
      ? await readFormFiles(body, contentType, stage)
      : [await stage(body, options.ahead)];
    return { packages, release };
  } catch (error) {
    await release();
    throw body.errored === null ? error : cutShort(error);
  }
}

/** Whether a body holds several files, or one with more around it. */
export function isForm(contentType: string | undefined): contentType is string {
  return contentType !== undefined && /^multipart\/form-data\b/i.test(contentType);
}

async function stagePackage(
  content: Readable,
  spooled: SpooledContent,
  options: UploadOptions,
  left: Left,
): Promise<StagedPackage> {
  const { maxPackageBytes: maxFileBytes, beginPayload } = options;
  const reader = createAnyPackageReader({ maxFileBytes, beginPayload });
  const behind = [
    fewBehind<Uint8Array>(piecesBehind, (piece) => reader.write(piece)),
    fewBehind<Uint8Array>(piecesBehind, (piece) => spooled.write(piece)),
    fewBehind<Uint8Array>(piecesBehind, (piece) => options.ahead?.(piece)),
  ];
  try {
    let bytes = 0;
    // Destroying a request's body would close the connection before its answer is sent.
    const chunks = content.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
    for await (const chunk of inBatches(chunks, batchBytes)) {
      bytes += chunk.byteLength;
      left.uploadBytes -= chunk.byteLength;
      if (bytes > options.maxPackageBytes) throw packageTooLarge(options.maxPackageBytes);
      if (left.uploadBytes < 0) throw uploadTooLarge(options.maxUploadBytes);
      await Promise.all(behind.map((one) => one.push(chunk)));
    }
    await Promise.all(behind.map((one) => one.drained()));
    const summary = await reader.end();
    left.heldBytes -= heldBytes(summary);
    if (left.heldBytes < 0) throw saysTooMuch(options.maxHeldBytes);
    return stagedFrom(summary, spooled);
  } finally {
    for (const one of behind) one.stop();
    reader.close();
  }
}

/** SIZE_EXCEEDED for a package over the limit. */
export function packageTooLarge(maxBytes: number): GatewayError {
  return tooLarge(`the package is larger than ${maxBytes} bytes`, maxBytes);
}

/** SIZE_EXCEEDED for an upload over the limit. */
export function uploadTooLarge(maxBytes: number): GatewayError {
  return tooLarge(
    `the packages of one upload are larger than ${maxBytes} bytes together: push fewer at once`,
    maxBytes,
  );
}

function saysTooMuch(maxBytes: number): GatewayError {
  return tooLarge(
    `what the packages of one upload say of themselves takes over ${maxBytes} bytes: push fewer at once`,
    maxBytes,
  );
}

function tooLarge(message: string, maxBytes: number): GatewayError {
  return new GatewayError('SIZE_EXCEEDED', message, { details: { maxBytes, sentBy: 'caller' } });
}

function cutShort(cause: unknown): GatewayError {
  return new GatewayError('REQUEST_INVALID', 'the body ended before all of it had come', { cause });
}

/** On its own, so that what is kept until the push ends keeps no more than this: not the reader with its buffers. */
function stagedFrom(summary: AnyPackageSummary, spooled: SpooledContent): StagedPackage {
  const open = () => spooled.open();
  return { summary, source: { digest: `sha256:${summary.sha256}`, size: summary.size, open } };
}
