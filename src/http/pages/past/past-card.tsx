import type { RepositoryPlace } from '../frame/page-links.ts';
import { pastLink } from './past-views.ts';

/** The ways to what isn't in a repository's index. */
export function PastCard({ place }: { readonly place: RepositoryPlace }) {
  return (
    <section class="card" aria-labelledby="past">
      <h2 id="past">Over time</h2>
      <ul class="plain">
        <li>
          <a href={pastLink(place, 'history')}>History</a>
        </li>
        <li>
          <a href={pastLink(place, 'snapshots')}>Snapshots</a>
        </li>
        <li>
          <a href={pastLink(place, 'withdrawn')}>Withdrawn packages</a>
        </li>
      </ul>
    </section>
  );
}
