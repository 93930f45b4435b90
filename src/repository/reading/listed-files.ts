import type { Group } from '../../protocol/coordinates.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';
import type { IndexView } from '../views/index-view.ts';
import { uncheckedSignature } from '../artifacts/package-signature.ts';
import { tagStamp } from '../artifacts/package-tag.ts';
import type { ListedPackage, ListedRepository } from '../service/catalog.ts';

/** When the first of a file's tags was put. */
export function pushedAt(tags: readonly string[]): Date {
  return new Date(Math.min(...tags.map(tagStamp)));
}

/** What belongs to the group itself: a noarch package is listed in every index but is one file. */
export function ownFiles(group: Group, { content }: IndexView): readonly IndexedPackage[] {
  return content === undefined ? [] : content.files().filter(({ pkg }) => pkg.architecture === group.architecture);
}

/** All that the group's index lists, noarch files included, each under the architecture it was made for. */
export function allFiles(group: Group, { content }: IndexView): readonly ListedPackage[] {
  const files = content === undefined ? [] : content.files();
  return files.map((file) => listed({ ...group, architecture: file.pkg.architecture }, file));
}

/** A file as listings tell of it, under its group's architecture. */
export function listed({ branch, repository, architecture }: Group, { pkg, tags }: IndexedPackage): ListedPackage {
  return {
    branch,
    repository,
    architecture,
    fileName: pkg.fileName,
    entry: pkg.entry,
    digest: pkg.digest,
    size: pkg.entry.fileSize,
    pushedAt: pushedAt(tags),
    packager: pkg.packager,
    pushedBy: pkg.pushedBy,
    signature: pkg.signature ?? uncheckedSignature,
    provenance: pkg.provenance,
  };
}

/** A repository, by the indexes of all its architectures. */
export function listedRepository(indexes: readonly { group: Group; view: IndexView }[]): ListedRepository {
  const { branch = '', repository = '' } = indexes[0]?.group ?? {};
  const byArchitecture = indexes.map(({ group, view }) => [group.architecture, ownFiles(group, view)] as const);
  const files = byArchitecture.flatMap(([, own]) => own);
  const newestMs = newest(files.map(({ tags }) => pushedAt(tags).getTime()));
  const indexedMs = newest(indexes.map(({ view }) => view.createdMs ?? 0)) ?? 0;
  return {
    branch,
    repository,
    architectures: indexes.map(({ group }) => group.architecture).sort(),
    lastUpdated: new Date(Math.max(indexedMs, newestMs ?? 0)),
    metadata: { size: indexes.reduce((sum, { view }) => sum + view.bytes.length, 0), count: indexes.length },
    packages: { size: files.reduce((sum, { pkg }) => sum + pkg.entry.fileSize, 0), count: files.length },
    held: new Map(byArchitecture.map(([architecture, own]) => [architecture, own.length])),
    names: new Set(files.map(({ pkg }) => pkg.entry.name)).size,
    lastPushed: newestMs === undefined ? undefined : new Date(newestMs),
  };
}

function newest(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : times.reduce((latest, time) => Math.max(latest, time), 0);
}
