import type { Group } from '../../protocol/coordinates.ts';
import type { KeptPackage } from '../artifacts/kept-package.ts';
import { contentKeyOf, groupHash, keptBy, peekTag, tagStamp } from '../artifacts/package-tag.ts';
import { readAllKept, withdrawnTags } from '../keeping/kept-packages.ts';
import type { WithdrawnListing, WithdrawnPackage } from '../service/lifecycle.ts';
import type { CallOptions } from '../../store/store.ts';
import type { IndexView } from '../views/index-view.ts';
import type { Reader } from '../views/reader-rights.ts';

/** One index of a repository as this reader may see it. */
interface ReadIndex {
  readonly group: Group;
  readonly view: IndexView;
}

/** The indexes of a repository, and who reads them. */
export type ReadIndexes = (
  ...asked: Parameters<WithdrawnListing['listWithdrawn']>
) => Promise<{ readonly reader: Reader; readonly indexes: readonly ReadIndex[] }>;

/** WithdrawnListing: what the views' comparisons have shown, each read anew. */
export function createWithdrawnListing(read: ReadIndexes): WithdrawnListing {
  const keptOf = async (reader: Reader, { group, view }: ReadIndex, call: CallOptions) => {
    const own = groupHash(group);
    const candidates = withdrawnTags(view.kept.filter((tag) => peekTag(tag)?.groupHash === own));
    if (candidates.length === 0) return [];
    const live = new Set([...(view.content?.byTag().keys() ?? [])].map(contentKeyOf));
    const dead = candidates.filter((tag) => !live.has(contentKeyOf(tag)));
    return (await readAllKept(reader.image, dead, call)).filter(({ keeping }) => keeping.why === 'withdrawn');
  };

  return {
    async listWithdrawn(at, caller, call = {}) {
      const { reader, indexes } = await read(at, caller, call);
      const kept = await Promise.all(indexes.map((index) => keptOf(reader, index, call)));
      return kept
        .flat()
        .map(withdrawn)
        .toSorted((a, b) => b.withdrawnAt.getTime() - a.withdrawnAt.getTime());
    },
  };
}

function withdrawn({ tag, pkg, keeping }: KeptPackage): WithdrawnPackage {
  const { name, version, fileSize } = pkg.entry;
  const { at, by, reason, fetchableUntil } = keeping;
  return {
    ...{ architecture: pkg.architecture, fileName: pkg.fileName, name, version, digest: pkg.digest, size: fileSize },
    ...{ pushedAt: new Date(tagStamp(keptBy(tag))), pushedBy: pkg.pushedBy },
    ...{ withdrawnAt: new Date(at), withdrawnBy: by, reason },
    fetchableUntil: fetchableUntil === undefined ? undefined : new Date(fetchableUntil),
  };
}
