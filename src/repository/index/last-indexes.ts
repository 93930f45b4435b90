import { createByteBoundedCache } from '../../concurrency/bounded-cache.ts';
import type { Log } from '../../ports.ts';
import type { Group } from '../../protocol/coordinates.ts';
import { lease } from '../../time/lease.ts';
import type { MonotonicMs } from '../../time/monotonic.ts';
import type { SigningKey } from '../keys/signing-keys.ts';
import type { IndexContent } from './index-content.ts';
import type { StoredIndex } from './stored-index.ts';

/** A version, and a moment at which or after which the tag named it. */
export interface LastIndex {
  readonly stored: StoredIndex;
  readonly sinceMs: MonotonicMs;
}

/** The version of each index that was read or put last. */
export interface LastIndexes {
  get(group: Group, keys: readonly SigningKey[]): LastIndex | undefined;
  keep(group: Group, keys: readonly SigningKey[], last: LastIndex): void;
  /** The tag still names that version, unless another was kept meanwhile. */
  confirm(group: Group, keys: readonly SigningKey[], last: LastIndex): void;
}

export interface LastIndexesOptions {
  /** The most bytes of all of them. */
  readonly maxBytes: number;
  /** Called with what a version lists that took the place of one known here. */
  readonly onReplaced: (group: Group, before: IndexContent, after: IndexContent | undefined) => void;
}

export function createLastIndexes({ maxBytes, onReplaced }: LastIndexesOptions): LastIndexes {
  const latest = createByteBoundedCache<LastIndex>(
    maxBytes,
    ({ stored: { pieces, v3Pieces } }) => byteLength(pieces) + byteLength(v3Pieces) + 1024,
  );
  return {
    get: (group, keys) => latest.get(cacheKey(group, keys)),
    keep(group, keys, last) {
      const key = cacheKey(group, keys);
      const before = latest.get(key)?.stored;
      const { content } = last.stored;
      if (before?.content !== undefined && before.content !== content) onReplaced(group, before.content, content);
      latest.set(key, last);
    },
    confirm(group, keys, last) {
      const key = cacheKey(group, keys);
      if (latest.get(key)?.stored === last.stored) latest.set(key, last);
    },
  };
}

/** Anybody who may write to the registry can put a version back that lists what was deleted since; readers compare it anyway. */
export function warnOfOlder(log: Log, group: Group, stored: StoredIndex, known: StoredIndex): void {
  if (stored.createdMs + lease.stampSlackMs >= known.createdMs) return;
  const times = { madeAt: new Date(stored.createdMs), known: new Date(known.createdMs) };
  const { manifestDigest } = stored;
  log.error({ ...group, manifestDigest, ...times }, 'ALARM: an old signed index was put back in the registry');
}

/** An index is believed differently by other keys, so what was read with some is not what is read with others. */
function cacheKey(group: Group, keys: readonly SigningKey[]): string {
  const { image, branch, repository, architecture } = group;
  return JSON.stringify([image, branch, repository, architecture, ...keys.map((key) => key.fileName)]);
}

function byteLength(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
