import type { PackageRecord } from '../artifacts/package-manifest.ts';
import { findFile } from '../index/index-content.ts';
import type { LiveTag } from '../live/live-set.ts';
import type { Look } from '../live/look.ts';

/** Files that leave the index. */
export interface LeavingFiles {
  readonly names: ReadonlySet<string>;
  readonly has: (pkg: PackageRecord) => boolean;
}

/** Those of some packages, by their names or, with `isExact`, by their very bytes. */
export function filesOf(packages: readonly Pick<LiveTag, 'pkg'>[], isExact: boolean): LeavingFiles {
  const keyOf = ({ architecture, fileName, digest }: PackageRecord) =>
    `${architecture}/${fileName} ${isExact ? digest : ''}`;
  const keys = new Set(packages.map(({ pkg }) => keyOf(pkg)));
  return { names: new Set(packages.map(({ pkg }) => pkg.fileName)), has: (pkg) => keys.has(keyOf(pkg)) };
}

/** Whether the stored index of an architecture lists one of these files though nothing live stands for it, or may, as nobody can tell. */
export function mayListDead({ stored, live, isCovered }: Look, architecture: string, files: LeavingFiles): boolean {
  const index = stored.get(architecture);
  if (index === undefined) return false;
  const { content } = index;
  if (content === undefined) return !isCovered(architecture);
  return [...files.names].some((name) => {
    const listed = findFile(content, name);
    return listed !== undefined && files.has(listed.pkg) && !listed.tags.some((tag) => live.has(tag));
  });
}
