import { snapshotBranch } from '../../../protocol/coordinates.ts';
import type { ListedSnapshot } from '../../../repository/service/snapshots.ts';
import type { Paged } from '../../request/paging.ts';
import { placeBeside, type RepositoryPlace } from '../frame/page-links.ts';
import { countOf, formatBytes, shortened } from '../frame/page-text.tsx';
import { Ago } from '../frame/page-time.tsx';
import { Pager } from '../frame/pager.tsx';
import { mayAskForChanges, PastFrame, type PastFrameProps } from './past-frame.tsx';
import { pastLink } from './past-views.ts';

/** The snapshots of a repository, and a form that makes one for who is logged in. */
export function SnapshotsPage({ found, ...props }: PastFrameProps & { readonly found: Paged<ListedSnapshot> }) {
  const { frame, place } = props;
  const { items, total, page, pages } = found;
  const isOffered = mayAskForChanges(frame);
  return (
    <PastFrame {...props} view="snapshots">
      <p class="note" role="status">
        {total === 0 ? 'There is no snapshot of it.' : `${countOf(total, 'snapshot')}, each as the repository was then`}
      </p>
      {isOffered && <CreateForm place={place} />}
      <ul class="hits">
        {items.map((snapshot) => (
          <SnapshotItem snapshot={snapshot} now={frame.now} place={place} isOffered={isOffered} />
        ))}
      </ul>
      <Pager page={page} pages={pages} linkTo={(number) => pastLink(place, 'snapshots', { page: String(number) })} />
    </PastFrame>
  );
}

function CreateForm({ place }: { readonly place: RepositoryPlace }) {
  return (
    <form method="post" action={pastLink(place, 'snapshots')} class="inline">
      <label>
        <span>Name of a new snapshot</span>
        <input
          type="text"
          name="name"
          required
          maxlength={64}
          pattern="[A-Za-z0-9][A-Za-z0-9._\-]*"
          title="Letters, digits, dots, dashes and underscores"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
        />
      </label>
      <button type="submit">Keep it as it is now</button>
    </form>
  );
}

interface SnapshotItemProps {
  readonly snapshot: ListedSnapshot;
  readonly now: Date;
  readonly place: RepositoryPlace;
  readonly isOffered: boolean;
}

function SnapshotItem({ snapshot, now, place, isOffered }: SnapshotItemProps) {
  const { name, branch, repository, createdAt, createdBy, architectures, packages } = snapshot;
  const itself = placeBeside(place, snapshotBranch({ branch, name }), repository);
  return (
    <li>
      <a class="name" href={itself.path}>
        {snapshotBranch({ branch, name })}
      </a>{' '}
      <span class="quiet">
        {countOf(packages.count, 'file')}, {formatBytes(packages.size)}
      </span>
      <span class="note">
        made <Ago date={createdAt} now={now} />
        {createdBy !== undefined && ` by ${shortened(createdBy, 100)}`}; {architectures.join(', ')}
        {isOffered && (
          <>
            {' '}
            <a href={pastLink(place, 'remove-snapshot', { name })} aria-label={`Remove the snapshot ${name}`}>
              Remove…
            </a>
          </>
        )}
      </span>
    </li>
  );
}
