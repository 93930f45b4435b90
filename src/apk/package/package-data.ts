import { createHash } from 'node:crypto';
import { createTarReader, type TarReader } from '../tar/tar.ts';

/** Reads the data member: hashes it, keeps nothing of it. */
export interface DataMember {
  raw(bytes: Uint8Array): void;
  content(bytes: Uint8Array): void;
  /** Whether a regular file was seen among the first entries. */
  hasFile(): boolean;
  /** The name of the first entry, where the member could be read as a tar. */
  firstName(): string | undefined;
  /** SHA-256 of the compressed bytes, lower-case hex; to be asked once. */
  sha256(): string;
}

// The looking takes the main thread, and a small file can inflate to millions of entries; a package's files come long before.
const maxEntriesLookedAt = 10_000;

/** Whatever is wrong with the tar inside is the installing client's matter; it ends the looking, nothing else. */
export function createDataMember(): DataMember {
  const hash = createHash('sha256');
  let hasFile = false;
  let firstName: string | undefined;
  let entries = 0;
  let tar: TarReader | undefined = createTarReader({
    entry(entry) {
      firstName ??= entry.name;
      entries += 1;
      if (entry.type === '0' || entry.type === '7') hasFile = true;
    },
    endMark: () => (tar = undefined),
    faultOf: (what) => new Error(what),
  });

  return {
    raw(bytes) {
      hash.update(bytes);
    },
    content(bytes) {
      try {
        tar?.write(bytes);
        if (hasFile || entries > maxEntriesLookedAt) tar = undefined;
      } catch {
        tar = undefined;
      }
    },
    hasFile: () => hasFile,
    firstName: () => firstName,
    sha256: () => hash.digest('hex'),
  };
}
