import { snapshotBranch } from '../../../protocol/coordinates.ts';
import type { RemovedSnapshot } from '../../../repository/service/snapshots.ts';
import { Layout } from '../frame/layout.tsx';
import type { PastFrameProps } from './past-frame.tsx';
import { pastLink } from './past-views.ts';

interface RemoveSnapshotProps extends PastFrameProps {
  readonly name: string;
}

/** Asks whether to remove a snapshot. */
export function RemoveSnapshotPage({ frame, place, crumbs, name }: RemoveSnapshotProps) {
  const { branch, repository } = place.at;
  const path = `${snapshotBranch({ branch, name })}/${repository}`;
  return (
    <Layout frame={frame} title={`Remove ${path}`} crumbs={[...crumbs, { label: `Remove @${name}` }]}>
      <h1>
        Remove the snapshot <span class="quiet">{path}</span>?
      </h1>
      <section class="card ask" aria-labelledby="what">
        <h2 id="what">What happens</h2>
        <ul class="plain">
          <li>Nobody installs from it any more. It can’t be undone.</li>
          <li>
            Nothing in {branch}/{repository} changes.
          </li>
          <li>What no repository and no other snapshot has is freed by the next garbage collection.</li>
        </ul>
        <form method="post" action={pastLink(place, 'remove-snapshot', { name })} class="actions">
          <button type="submit" class="danger">
            Remove it
          </button>
          <a class="button quiet" href={pastLink(place, 'snapshots')}>
            Keep it
          </a>
        </form>
      </section>
    </Layout>
  );
}

/** Tells that it is gone. */
export function RemovedSnapshotPage(props: RemoveSnapshotProps & { readonly removed: RemovedSnapshot }) {
  const { frame, place, crumbs, name, removed } = props;
  return (
    <Layout frame={frame} title={`Removed @${name}`} crumbs={[...crumbs, { label: `@${name}` }]}>
      <h1>
        Snapshot <span class="quiet">@{name}</span>
      </h1>
      <p class="lead" role="status">
        Removed: nobody reads it any more.
      </p>
      {!removed.isFreed && <p class="note">This registry deletes nothing: what it held stays stored.</p>}
      <p class="actions">
        <a class="button" href={pastLink(place, 'snapshots')}>
          All snapshots
        </a>
      </p>
    </Layout>
  );
}
