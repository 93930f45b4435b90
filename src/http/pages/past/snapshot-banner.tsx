import { snapshotIn } from '../../../protocol/coordinates.ts';
import type { ListedSnapshot } from '../../../repository/service/snapshots.ts';
import { homeOf, type RepositoryPlace } from '../frame/page-links.ts';
import { Ago } from '../frame/page-time.tsx';
import { pastLink } from './past-views.ts';

interface SnapshotBannerProps {
  readonly place: RepositoryPlace;
  /** Undefined where this caller may not list. */
  readonly snapshot: ListedSnapshot | undefined;
  readonly now: Date;
}

/** Says of a snapshot's page that it is one; nothing elsewhere. */
export function SnapshotBanner({ place, snapshot, now }: SnapshotBannerProps) {
  if (snapshotIn(place.at.branch) === undefined) return <></>;
  const home = homeOf(place);
  return (
    <p class="banner">
      A snapshot of{' '}
      <a href={home.path}>
        {home.at.branch}/{home.at.repository}
      </a>
      {snapshot !== undefined && (
        <>
          , made <Ago date={snapshot.createdAt} now={now} />
          {snapshot.createdBy !== undefined && ` by ${snapshot.createdBy}`}
        </>
      )}
      . It stays as it is, and nothing can be pushed to it. <a href={pastLink(home, 'snapshots')}>All snapshots</a>
    </p>
  );
}
