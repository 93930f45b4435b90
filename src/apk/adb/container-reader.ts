import { createHash } from 'node:crypto';
import { createBlockReader, type BlockHandler } from './block-reader.ts';
import { createDecompressor } from './decompressor.ts';
import type { SchemaName } from './layout.ts';
import type { AdbLimits } from './limits.ts';
import type { FaultOf } from './payload-reader.ts';
import { parseAdbSignature, payloadDigests, type AdbSignature, type SignedPayload } from './signature.ts';

/** What stood in a file beside its data. */
export interface AdbContainer extends SignedPayload {
  readonly payload: Uint8Array;
  /** SHA-256 of the payload, which no signing or compressing changes (docs/adb.md, 6). */
  readonly identity: Uint8Array;
  /** In their order; nobody has asked whether they are right. */
  readonly signatures: readonly AdbSignature[];
}

/** What is called while a file is read; the calls may throw, and nothing follows then. */
export interface ContainerHandler {
  /** Before anything else is read, so that a foreign one costs nothing. */
  schema(name: SchemaName): void;
  /** The payload once it is whole; before any data. */
  payload(payload: Uint8Array): void;
  /** Data blocks one after the other: size, then content, then end. */
  beginData(size: number): void;
  data(bytes: Uint8Array): void;
  endData(): void;
}

/** Takes a file in chunks of any size. After a rejection: no more calls but `close`. */
export interface ContainerReader {
  /** The chunk is done with when the promise settles. */
  write(chunk: Uint8Array): Promise<void>;
  /** The end of the file; resolves only if all of it is sound. */
  end(): Promise<AdbContainer>;
  /** Gives back what is held where a file is not read to its end. */
  close(): void;
}

/** Reads a file of any compression (docs/adb.md, 1 and 2) within limits. All faults are made by `faultOf`. */
export function createContainerReader(handler: ContainerHandler, limits: AdbLimits, faultOf: FaultOf): ContainerReader {
  let schema: SchemaName | undefined;
  let parts: Uint8Array[] = [];
  let payload: Buffer | undefined;
  let dataBytes = 0;
  const signatures: AdbSignature[] = [];

  const begin: BlockHandler['begin'] = (kind, size) => {
    if (kind === 'data') {
      dataBytes += size;
      if (dataBytes > limits.maxDataBytes) throw faultOf(`data of over ${limits.maxDataBytes} bytes`);
      handler.beginData(size);
      return;
    }
    const maxBytes = kind === 'adb' ? limits.maxPayloadBytes : limits.maxSignatureBytes;
    if (size > maxBytes) throw faultOf(`${kind} block of ${size} bytes, and at most ${maxBytes} are allowed`);
    if (kind === 'signature' && signatures.length >= limits.maxSignatures) throw faultOf('too many signatures');
  };

  const blocks = createBlockReader(
    {
      schema(name) {
        schema = name;
        handler.schema(name);
      },
      begin,
      content(bytes, kind) {
        if (kind === 'data') handler.data(bytes);
        // The bytes are a view of a chunk that its owner may use again.
        else parts.push(Uint8Array.from(bytes));
      },
      end(kind) {
        const whole = Buffer.concat(parts);
        parts = [];
        if (kind === 'adb') handler.payload((payload = whole));
        else if (kind === 'signature') signatures.push(parseAdbSignature(whole, faultOf));
        else handler.endData();
      },
    },
    faultOf,
  );
  const decompressor = createDecompressor(
    (bytes) => {
      blocks.write(bytes);
    },
    { maxWindowBytes: limits.maxWindowBytes, faultOf },
  );

  return {
    write: (chunk) => decompressor.write(chunk),
    async end() {
      await decompressor.end();
      blocks.end();
      if (schema === undefined || payload === undefined) throw faultOf('no ADB block');
      const identity = createHash('sha256').update(payload).digest();
      const digests = payloadDigests(identity, createHash('sha512').update(payload).digest());
      return { schema, payload, identity, digests, signatures };
    },
    close() {
      decompressor.close();
    },
  };
}
