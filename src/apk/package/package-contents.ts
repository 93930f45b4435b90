import { GatewayError } from '../../errors.ts';
import { createMemberReader } from '../gzip/gzip-members.ts';
import { isSignatureEntry } from '../signature.ts';
import { createTarReader, type TarEntry } from '../tar/tar.ts';

/** What a package would put into a client's file system. */
export interface InstalledFile {
  /** Without leading `/` or `./`, and without the `/` that ends a directory's name in a tar. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other';
  /** Bytes; 0 for all but files. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  /** Where a link points. */
  readonly target?: string;
}

export interface ContentsOptions {
  /** The most entries that are listed; default 1,000,000. Past it SIZE_EXCEEDED. */
  readonly maxEntries?: number;
}

const defaultMaxEntries = 1_000_000;

const kinds = new Map<string, InstalledFile['kind']>([
  ['0', 'file'],
  ['7', 'file'],
  ['1', 'hardlink'],
  ['2', 'symlink'],
  ['5', 'directory'],
]);

/**
 * The entries of a package's data section in their order. The package must be one that was read and found good: of its
 * faults only those that end the reading are reported (PACKAGE_MALFORMED).
 */
export async function* listPackageContents(
  source: AsyncIterable<Uint8Array>,
  options: ContentsOptions = {},
): AsyncGenerator<InstalledFile, void, undefined> {
  const { maxEntries = defaultMaxEntries } = options;
  let found: InstalledFile[] = [];
  let count = 0;
  let section: 'signature' | 'control' | 'data' = 'signature';
  // The sections joined are one tar (APKv2).
  const tar = createTarReader({
    entry(entry) {
      if (section === 'signature' && !isSignatureEntry(entry.name)) section = 'control';
      if (section !== 'data') return;
      count += 1;
      if (count > maxEntries) throw new GatewayError('SIZE_EXCEEDED', `over ${maxEntries} entries in the data section`);
      found.push(installedFile(entry));
    },
    endMark: () => undefined,
    faultOf: malformed,
  });
  const members = createMemberReader({
    begin() {
      if (section === 'control') section = 'data';
    },
    raw: () => undefined,
    content(bytes) {
      tar.write(bytes);
    },
    end: () => undefined,
    faultOf: (fault, cause) => malformed(`gzip ${fault}`, cause),
  });

  try {
    for await (const chunk of source) {
      await members.write(chunk);
      yield* found;
      found = [];
    }
    members.end();
  } finally {
    members.close();
  }
}

function installedFile(entry: TarEntry): InstalledFile {
  const kind = kinds.get(entry.type) ?? 'other';
  const path = entry.name.replace(/^(\.?\/)+/, '').replace(/(?<!\/)\/+$/, '');
  const file = { path, kind, size: kind === 'file' ? entry.size : 0, mode: entry.mode & 0o7777 };
  return entry.linkName === '' ? file : { ...file, target: entry.linkName };
}

function malformed(what: string, cause?: unknown): GatewayError {
  return new GatewayError('PACKAGE_MALFORMED', `contents: ${what}`, cause === undefined ? {} : { cause });
}
