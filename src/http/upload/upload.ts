import type { Readable } from 'node:stream';
import { createAnyPackageReader } from '../../apk/any-package.ts';
import { GatewayError } from '../../errors.ts';
import type { StagedPackage } from '../../repository/service/publishing.ts';
import { readFormFiles } from './form-files.ts';
import { createMemoryBudget, createSpool, type Spool } from './spool.ts';

export interface UploadOptions {
  /** Bytes of the largest package. */
  readonly maxPackageBytes: number;
  /** Bytes of the whole upload that are held in memory; what is over goes to files. */
  readonly memoryBytes: number;
  /** Where those files are made. */
  readonly directory: string;
}

/** What a caller sent: one package or several, each read whole and found good. */
export interface Upload {
  readonly packages: readonly StagedPackage[];
  /** Gives memory and temporary files back. Never throws. */
  release(): Promise<void>;
}

/**
 * Reads a request's body: a package as it is, or a multipart form (RFC 7578) with one or several. Takes constant memory and
 * leaves the body open where it stops early. Throws what the package reader says, SIZE_EXCEEDED, or REQUEST_INVALID for a
 * body that is cut short or a form without a file; nothing is kept then.
 */
export async function receiveUpload(
  body: Readable,
  contentType: string | undefined,
  options: UploadOptions,
): Promise<Upload> {
  const spools: Spool[] = [];
  const memory = createMemoryBudget(options.memoryBytes);
  const release = async () => {
    await Promise.all(spools.map((spool) => spool.close()));
  };
  const stage = (content: Readable) => {
    const spool = createSpool({ memory, directory: options.directory });
    spools.push(spool);
    return stagePackage(content, spool, options);
  };
  try {
    const packages = isForm(contentType) ? await readFormFiles(body, contentType, stage) : [await stage(body)];
    return { packages, release };
  } catch (error) {
    await release();
    throw body.errored === null ? error : cutShort(error);
  }
}

function isForm(contentType: string | undefined): contentType is string {
  return contentType !== undefined && /^multipart\/form-data\b/i.test(contentType);
}

async function stagePackage(content: Readable, spool: Spool, options: UploadOptions): Promise<StagedPackage> {
  const reader = createAnyPackageReader({ maxFileBytes: options.maxPackageBytes });
  try {
    let bytes = 0;
    // Destroying a request's body would close the connection before its answer is sent.
    for await (const chunk of content.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength;
      if (bytes > options.maxPackageBytes) throw tooLarge(options.maxPackageBytes);
      await Promise.all([reader.write(chunk), spool.write(chunk)]);
    }
    const summary = await reader.end();
    const open = () => spool.open();
    return { summary, source: { digest: `sha256:${summary.sha256}`, size: summary.size, open } };
  } finally {
    reader.close();
  }
}

/** SIZE_EXCEEDED for a package over the limit. */
export function tooLarge(maxBytes: number): GatewayError {
  const details = { maxBytes, sentBy: 'caller' };
  return new GatewayError('SIZE_EXCEEDED', `the package is larger than ${maxBytes} bytes`, { details });
}

function cutShort(cause: unknown): GatewayError {
  return new GatewayError('REQUEST_INVALID', 'the body ended before all of it had come', { cause });
}
