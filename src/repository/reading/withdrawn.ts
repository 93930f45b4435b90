import type { Group } from '../../protocol/coordinates.ts';
import type { KeptPackage } from '../artifacts/kept-package.ts';
import { contentKeyOf, groupHash, keptBy, peekTag, tagStamp } from '../artifacts/package-tag.ts';
import { withdrawnTags } from '../keeping/kept-packages.ts';
import type { KnownKept } from '../keeping/known-kept.ts';
import type { WithdrawnListing, WithdrawnPackage } from '../service/lifecycle.ts';
import type { IndexView } from '../views/index-view.ts';
import type { Caller } from '../service/caller.ts';
import type { Reader } from '../views/reader-rights.ts';
import type { ViewsWithin } from './views-within.ts';

/** One index of a repository as this reader may see it. */
interface ReadIndex {
  readonly group: Group;
  readonly view: IndexView;
}

export interface WithdrawnListingDeps {
  readonly readerOf: (image: string, caller: Caller) => Reader;
  readonly viewsWithin: ViewsWithin;
  readonly knownKept: KnownKept;
}

/** The most that one answer reads of what isn't known yet. */
const maxRead = 5_000;

/** WithdrawnListing: what the views' comparisons have shown, read once, and of what is told asked for anew. */
export function createWithdrawnListing({ readerOf, viewsWithin, knownKept }: WithdrawnListingDeps): WithdrawnListing {
  const tagsOf = ({ group, view }: ReadIndex): readonly string[] => {
    const own = groupHash(group);
    const candidates = withdrawnTags(view.kept.filter((tag) => peekTag(tag)?.groupHash === own));
    if (candidates.length === 0) return [];
    const live = new Set([...(view.content?.byTag().keys() ?? [])].map(contentKeyOf));
    return candidates.filter((tag) => !live.has(contentKeyOf(tag)));
  };
  const isWithdrawn = ({ keeping }: KeptPackage) => keeping.why === 'withdrawn';

  return {
    async listWithdrawn(at, caller, call = {}) {
      const { offset = 0, limit = Infinity } = call;
      const { image } = readerOf(at.image, caller);
      const tags = (await viewsWithin(at, caller, call)).flatMap(tagsOf).toSorted((a, b) => tagStamp(b) - tagStamp(a));
      const kept = (await knownKept.read(image, tags.slice(0, maxRead), call)).filter(isWithdrawn);
      const chosen = kept.toSorted((a, b) => b.keeping.at - a.keeping.at).slice(offset, offset + limit);
      const confirmed = (await knownKept.confirm(image, chosen, call)).filter(isWithdrawn);
      const total = kept.length - chosen.length + confirmed.length;
      return { packages: confirmed.map(withdrawn), total, isComplete: tags.length <= maxRead };
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
