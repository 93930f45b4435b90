import type { Readable } from 'node:stream';
import { GatewayError } from '../../errors.ts';
import type { KeptPackage } from '../artifacts/kept-package.ts';
import { keptBy } from '../artifacts/package-tag.ts';
import { indexedPackage, type IndexedPackage } from '../index/indexed-package.ts';
import { lastModifiedOf } from '../index/last-modified.ts';
import type { FoundPackage, PackageFacts } from '../service/reading.ts';
import { pushedAt } from './listed-files.ts';
import type { PackageCache } from './package-cache.ts';
import type { Reader } from '../views/reader-rights.ts';

/** What is known of a listed file before it is opened. */
export function factsOf({ pkg, tags }: IndexedPackage, nowMs: number): PackageFacts {
  const { digest, entry, fileName } = pkg;
  const pushed = pushedAt(tags);
  const lastModified = lastModifiedOf(pushed.getTime(), digest, nowMs);
  return { entry, fileName, digest, size: entry.fileSize, pushedAt: pushed, lastModified };
}

/** What is known of a file that no index lists any more. */
export function factsOfKept({ tag, pkg, keeping }: KeptPackage, nowMs: number): PackageFacts {
  const facts = factsOf(indexedPackage(pkg, [keptBy(tag)]), nowMs);
  return { ...facts, kept: { why: keeping.why, until: new Date(keeping.fetchableUntil ?? 0) } };
}

/** A listed file as its reader opens it; `suspect` is called where it turns out to be gone. */
export function foundPackage(
  reader: Reader,
  cache: PackageCache,
  facts: PackageFacts,
  suspect: () => void,
): FoundPackage {
  const { digest, size, fileName } = facts;
  const blob = { digest, size };
  return {
    ...facts,
    async open(range, call = {}): Promise<Readable | Uint8Array> {
      if (cache.isSmall(blob.size)) {
        const bytes = await cache.read(reader, blob, call);
        if (bytes !== undefined) return range === undefined ? bytes : bytes.subarray(range.start, range.end + 1);
      } else {
        const opened = await reader.image.openBlob(blob, { ...call, range });
        if (opened !== undefined) return opened.stream;
      }
      suspect();
      throw new GatewayError('PACKAGE_UNKNOWN', `${fileName} is gone`, { details: { file: fileName } });
    },
    locate: (call = {}) => reader.image.locateBlob(blob, call),
  };
}
