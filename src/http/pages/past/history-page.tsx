import type { Paged } from '../../request/paging.ts';
import { NOARCH } from '../../../apk/architectures.ts';
import { snapshotBranch } from '../../../protocol/coordinates.ts';
import { placeBeside, withQuery, type RepositoryPlace } from '../frame/page-links.ts';
import { countOf, shortened } from '../frame/page-text.tsx';
import { Ago, Day } from '../frame/page-time.tsx';
import { Pager } from '../frame/pager.tsx';
import { PastFrame, type PastFrameProps } from './past-frame.tsx';
import { pastLink } from './past-views.ts';
import type { PastEvent, Timeline } from './timeline.ts';

const words: Readonly<Record<PastEvent['what'], string>> = {
  published: 'published',
  promoted: 'promoted',
  restored: 'restored',
  withdrawn: 'withdrawn',
  deleted: 'deleted',
  snapshot: 'snapshot made',
};

interface HistoryPageProps extends PastFrameProps {
  readonly timeline: Pick<Timeline, 'deletionsSince' | 'isComplete'>;
  readonly found: Paged<PastEvent>;
}

/** What happened to a repository, the latest first, as far as the registry remembers. */
export function HistoryPage({ found, timeline, ...props }: HistoryPageProps) {
  const { frame, place } = props;
  const { items, total, page, pages } = found;
  return (
    <PastFrame {...props} view="history">
      <p class="note" role="status">
        {countOf(total, 'event')}, the latest first, of all architectures. What was deleted is told since{' '}
        <Day date={timeline.deletionsSince} />
        {timeline.isComplete ? '.' : ', and not all of it: there is too much.'}
      </p>
      <ol class="hits">
        {items.map((event) => (
          <li>
            <span class={`event ${event.what}`}>{words[event.what]}</span> <Subject event={event} place={place} />
            <span class="note">
              <Ago date={event.at} now={frame.now} />
              {event.who !== undefined && ` by ${shortened(event.who, 100)}`}
            </span>
            {event.note !== undefined && (
              <span class="reason" dir="auto">
                {shortened(event.note, 500)}
              </span>
            )}
          </li>
        ))}
      </ol>
      <Pager page={page} pages={pages} linkTo={(number) => pastLink(place, 'history', { page: String(number) })} />
    </PastFrame>
  );
}

function Subject({ event, place }: { readonly event: PastEvent; readonly place: RepositoryPlace }) {
  const { what, subject, version, architecture } = event;
  const isThere = what !== 'withdrawn' && what !== 'deleted';
  const name = shortened(subject, 200);
  return (
    <>
      {isThere ? (
        <a class="name" href={linkTo(event, place)}>
          {name}
        </a>
      ) : (
        <span class="name">{name}</span>
      )}{' '}
      {version !== undefined && shortened(version, 100)} <span class="quiet">{architecture}</span>
    </>
  );
}

function linkTo({ what, subject, version, architecture }: PastEvent, place: RepositoryPlace): string {
  const { branch, repository } = place.at;
  if (what === 'snapshot') return placeBeside(place, snapshotBranch({ branch, name: subject }), repository).path;
  return withQuery(place.path, { arch: architecture === NOARCH ? undefined : architecture, package: subject, version });
}
