import { ZstdError } from './bits.ts';
import { blockTypes } from './block-decoder.ts';
import { maxBlockBytes } from './literals.ts';

/** What a frame's header says (RFC 8878, 3.1.1.1). */
export interface FrameHeader {
  readonly windowBytes: number;
  readonly hasChecksum: boolean;
  /** Of what the frame stands for, where it is said. */
  readonly contentBytes: number | undefined;
}

/** A part of a frame; `bytes` are those of the part as they stand in the frame. */
export type FramePart =
  | { readonly kind: 'header'; readonly bytes: Uint8Array; readonly header: FrameHeader }
  | { readonly kind: 'block'; readonly bytes: Uint8Array; readonly type: number; readonly size: number }
  | { readonly kind: 'checksum'; readonly bytes: Uint8Array };

/** Cuts one frame into its parts as it comes in chunks of any size. */
export interface FrameCutter {
  /** The parts that the chunk completes, and how many of its bytes belong to the frame: fewer than it has once that has ended. */
  write(chunk: Uint8Array): { readonly parts: readonly FramePart[]; readonly used: number };
}

const blockHeaderBytes = 3;
const maxFrameHeaderBytes = 18;

/** No part is kept that is larger than a block may be. Throws ZstdError. */
export function createFrameCutter(): FrameCutter {
  let kept: Buffer = Buffer.alloc(0);
  let header: FrameHeader | undefined;
  let isLast = false;
  let hasEnded = false;

  const next = (bytes: Buffer): FramePart | undefined => {
    if (header === undefined) {
      const part = readFrameHeader(bytes);
      header = part?.header;
      return part;
    }
    if (isLast) return bytes.length < 4 ? undefined : { kind: 'checksum', bytes: bytes.subarray(0, 4) };
    if (bytes.length < blockHeaderBytes) return undefined;
    const part = readBlock(bytes);
    if (part !== undefined) isLast = (bytes.readUIntLE(0, blockHeaderBytes) & 1) === 1;
    return part;
  };

  return {
    write(chunk) {
      const all = Buffer.concat([kept, chunk]);
      const parts: FramePart[] = [];
      let at = 0;
      while (!hasEnded) {
        const part = next(all.subarray(at));
        if (part === undefined) break;
        parts.push(part);
        at += part.bytes.length;
        hasEnded = isLast && (header?.hasChecksum !== true || part.kind === 'checksum');
      }
      const used = hasEnded ? Math.max(0, at - kept.length) : chunk.length;
      kept = hasEnded ? Buffer.alloc(0) : all.subarray(at);
      return { parts, used };
    },
  };
}

function readFrameHeader(bytes: Buffer): Extract<FramePart, { kind: 'header' }> | undefined {
  if (bytes.length >= 4 && bytes.readUInt32LE(0) !== 0xfd2fb528) throw new ZstdError('no zstd frame');
  const descriptor = bytes[4];
  if (descriptor === undefined) return undefined;
  if ((descriptor & 0x08) !== 0) throw new ZstdError('reserved bits of the frame header set');
  if ((descriptor & 0x03) !== 0) throw new ZstdError('a frame that needs a dictionary');
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? Number(isSingleSegment) : 2 ** sizeFlag;
  const sizeAt = isSingleSegment ? 5 : 6;
  const length = sizeAt + sizeBytes;
  if (bytes.length < length || length > maxFrameHeaderBytes) return undefined;
  const contentBytes = sizeBytes === 0 ? undefined : readSize(bytes, sizeAt, sizeBytes);
  const windowBytes = isSingleSegment ? (contentBytes ?? 0) : windowOf(bytes[5] ?? 0);
  const header = { windowBytes, hasChecksum: (descriptor & 0x04) !== 0, contentBytes };
  return { kind: 'header', bytes: bytes.subarray(0, length), header };
}

function readSize(bytes: Buffer, at: number, length: number): number {
  if (length === 8) return Number(bytes.readBigUInt64LE(at));
  return bytes.readUIntLE(at, length) + (length === 2 ? 256 : 0);
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function readBlock(bytes: Buffer): FramePart | undefined {
  const word = bytes.readUIntLE(0, blockHeaderBytes);
  const type = (word >> 1) & 3;
  const size = word >> 3;
  if (type > blockTypes.compressed) throw new ZstdError('a block of unknown type');
  if (size > maxBlockBytes) throw new ZstdError('a block that is too large');
  const length = blockHeaderBytes + (type === blockTypes.repeated ? 1 : size);
  return bytes.length < length ? undefined : { kind: 'block', bytes: bytes.subarray(0, length), type, size };
}
