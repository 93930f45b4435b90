import type { IndexV3Entry } from '../../apk/index-v3/index-v3-entry.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';

/** Gives back a record that says the same, with each word that many records say kept once. */
export type ShareWords = (pkg: PackageRecord) => PackageRecord;

/** Words that are known at a time; those that records share come up again soon. */
const maxWords = 20_000;
const nothing: readonly string[] = [];

/** Of an image's records, of which there may be 100,000: architectures, licences, maintainers, projects and dependencies. */
export function createShareWords(): ShareWords {
  const known = new Map<string, string>();

  function share<T extends string | undefined>(word: T): T | string {
    if (word === undefined) return word;
    const same = known.get(word);
    if (same !== undefined) return same;
    if (known.size === maxWords) known.clear();
    known.set(word, word);
    return word;
  }

  const shareAll = (words: readonly string[]) => (words.length === 0 ? nothing : words.map(share));

  // Each property by its name: objects that were cloned or spread take half as much again.
  const shareEntry = (entry: IndexV3Entry): IndexV3Entry => ({
    identity: entry.identity,
    name: entry.name,
    version: entry.version,
    architecture: share(entry.architecture),
    fileSize: entry.fileSize,
    installedSize: entry.installedSize,
    description: entry.description,
    url: share(entry.url),
    license: share(entry.license),
    origin: share(entry.origin),
    maintainer: share(entry.maintainer),
    buildTime: entry.buildTime,
    commit: share(entry.commit),
    providerPriority: entry.providerPriority,
    depends: shareAll(entry.depends),
    provides: shareAll(entry.provides),
    installIf: shareAll(entry.installIf),
    ...('replaces' in entry && moreOf(entry)),
  });

  return (pkg) => ({
    fileName: pkg.fileName,
    architecture: share(pkg.architecture),
    entry: shareEntry(pkg.entry),
    digest: pkg.digest,
    packager: share(pkg.packager),
    pushedBy: share(pkg.pushedBy),
    signature: pkg.signature,
    provenance: pkg.provenance,
  });
}

/** What records of v3 packages alone have. */
function moreOf({ replaces, recommends, tags, layer }: IndexV3Entry): Partial<IndexV3Entry> {
  return { replaces, recommends, tags, layer };
}
