import { NOARCH } from '../../apk/architectures.ts';
import { isGatewayError } from '../../errors.ts';
import type { Group } from '../../protocol/coordinates.ts';
import type { Served } from './index-serving.ts';
import type { IndexViews } from './index-views.ts';
import type { Reader } from './reader-rights.ts';

/** An index, and the group that it is of. */
export interface AnsweringIndex {
  readonly served: Served;
  readonly group: Group;
}

/** Finds the index that answers for an architecture: its own, or noarch's where it never had one. */
export type FindIndex = (reader: Reader, group: Group) => Promise<AnsweringIndex | undefined>;

export function createFindIndex(views: Pick<IndexViews, 'serve' | 'hadNothing'>): FindIndex {
  const indexOf = async (reader: Reader, group: Group) => {
    const served = await views.serve(reader, group);
    return served && { served, group };
  };

  return async (reader, group) => {
    if (group.architecture === NOARCH) return indexOf(reader, group);
    const noarch = { ...group, architecture: NOARCH };
    if (!views.hadNothing(reader, group)) return (await indexOf(reader, group)) ?? indexOf(reader, noarch);
    // Both at once: most likely there is none again, and nobody waits twice for a store that is away.
    const [own, shared] = await Promise.allSettled([indexOf(reader, group), indexOf(reader, noarch)]);
    if (own.status === 'fulfilled' && own.value !== undefined) return own.value;
    if (shared.status === 'rejected') throw shared.reason;
    if (own.status === 'fulfilled') return shared.value;
    // That there was none is old news by now.
    if (shared.value === undefined || !isGatewayError(own.reason, 'STORE_UNAVAILABLE')) throw own.reason;
    return { ...shared.value, served: { ...shared.value.served, isStale: true } };
  };
}
