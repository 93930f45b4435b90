import { snapshotIn } from '../../../protocol/coordinates.ts';
import { withQuery, type RepositoryPlace } from '../frame/page-links.ts';

/** A view of a repository's page that shows what isn't in its index. */
export type PastView = 'history' | 'snapshots' | 'withdrawn' | 'remove-snapshot';

const pastViews: readonly PastView[] = ['history', 'snapshots', 'withdrawn', 'remove-snapshot'];

/** The view that a query names; undefined where it names none of these, and for a snapshot, which has no past. */
export function pastViewOf(view: string | undefined, { at }: Pick<RepositoryPlace, 'at'>): PastView | undefined {
  return snapshotIn(at.branch) === undefined ? pastViews.find((one) => one === view) : undefined;
}

/** The page of such a view. */
export function pastLink(
  { path }: Pick<RepositoryPlace, 'path'>,
  view: PastView,
  more: Readonly<Record<string, string | undefined>> = {},
): string {
  return withQuery(path, { view, ...more });
}
