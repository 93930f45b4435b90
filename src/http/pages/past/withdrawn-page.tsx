import type { WithdrawnPackage } from '../../../repository/service/lifecycle.ts';
import type { Paged } from '../../request/paging.ts';
import type { RepositoryPlace } from '../frame/page-links.ts';
import { countOf, formatBytes, shortened } from '../frame/page-text.tsx';
import { Ago } from '../frame/page-time.tsx';
import { Pager } from '../frame/pager.tsx';
import { mayAskForChanges, PastFrame, type PastFrameProps } from './past-frame.tsx';
import { pastLink } from './past-views.ts';

/** What was withdrawn from a repository: who did it, when and why, and a way back for who is logged in. */
export function WithdrawnPage({ found, ...props }: PastFrameProps & { readonly found: Paged<WithdrawnPackage> }) {
  const { frame, place } = props;
  const { items, total, page, pages } = found;
  return (
    <PastFrame {...props} view="withdrawn">
      <p class="note" role="status">
        {total === 0 ? 'Nothing is withdrawn here.' : `${countOf(total, 'package')} in no index until restored`}
      </p>
      <ul class="hits">
        {items.map((pkg) => (
          <WithdrawnItem pkg={pkg} now={frame.now} place={place} isOffered={mayAskForChanges(frame)} />
        ))}
      </ul>
      <Pager page={page} pages={pages} linkTo={(number) => pastLink(place, 'withdrawn', { page: String(number) })} />
    </PastFrame>
  );
}

interface WithdrawnItemProps {
  readonly pkg: WithdrawnPackage;
  readonly now: Date;
  readonly place: RepositoryPlace;
  readonly isOffered: boolean;
}

function WithdrawnItem({ pkg, now, place, isOffered }: WithdrawnItemProps) {
  const { architecture, fileName, name, version, size, withdrawnAt, withdrawnBy, reason, fetchableUntil } = pkg;
  const isFetchable = fetchableUntil !== undefined && fetchableUntil > now;
  return (
    <li>
      <span class="name">{shortened(name, 200)}</span> {shortened(version, 100)}{' '}
      <span class="quiet">
        {architecture}, {formatBytes(size)}
      </span>
      <span class="note">
        withdrawn <Ago date={withdrawnAt} now={now} />
        {withdrawnBy !== undefined && ` by ${shortened(withdrawnBy, 100)}`}
        {isFetchable && `; its bytes can be fetched until ${fetchableUntil.toISOString().slice(0, 16)}Z`}
      </span>
      {reason !== undefined && (
        <span class="reason" dir="auto">
          {shortened(reason, 500)}
        </span>
      )}
      {isOffered && (
        <form method="post" action={pastLink(place, 'withdrawn')} class="actions">
          <input type="hidden" name="file" value={`${architecture}/${fileName}`} />
          <button type="submit" aria-label={`Restore ${shortened(fileName, 200)} for ${architecture}`}>
            Restore
          </button>
        </form>
      )}
    </li>
  );
}
