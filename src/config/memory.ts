import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

/** How much a gateway may hold. */
export interface MemoryPlan {
  /** Uploads under way at once. */
  readonly maxUploads: number;
  /** Payloads of v3 packages that are held at once. */
  readonly maxPayloads: number;
  /** Bytes of indexes that are kept. */
  readonly maxIndexBytes: number;
  /** Bytes of small packages that are kept. */
  readonly maxCachedBytes: number;
}

const mebibyte = 2 ** 20;
/** What the process takes by itself, and what is kept for readers where there is little. */
const groundBytes = 128 * mebibyte;
/** What one upload may hold: its spool, what its packages say of themselves, and room to read them. */
const bytesOfUpload = 16 * mebibyte;

/** A payload, once more while it is put together, and the window of what it is decompressed from. */
const bytesOfPayload = 96 * mebibyte;

/** What fits into so much memory. */
export function planMemory(bytes: number): MemoryPlan {
  return {
    maxUploads: Math.max(2, Math.floor((bytes - groundBytes) / bytesOfUpload)),
    maxPayloads: Math.max(1, Math.min(6, Math.floor((bytes - groundBytes) / bytesOfPayload))),
    maxIndexBytes: Math.min(128 * mebibyte, Math.floor(bytes / 8)),
    maxCachedBytes: Math.floor(bytes / 8),
  };
}

/** Bytes of memory that this process may use, as far as it can know: of its container or machine, and what V8 was given of them. */
export function availableMemory(): number {
  // Of a cgroup without a limit some systems say 0, others more than there can be.
  const constrained = process.constrainedMemory() || Infinity;
  // Half of what there is, unless somebody gave another number (--max-old-space-size).
  return Math.min(totalmem(), constrained, 2 * getHeapStatistics().heap_size_limit);
}
