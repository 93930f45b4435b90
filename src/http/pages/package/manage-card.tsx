import { snapshotIn } from '../../../protocol/coordinates.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import type { PageFrame } from '../frame/layout.tsx';
import { packageLink, type RepositoryPlace } from '../frame/page-links.ts';
import { manageVerbs, promoteView } from '../manage/verbs.ts';

interface ManageCardProps {
  readonly frame: PageFrame;
  readonly place: RepositoryPlace;
  readonly pkg: ListedPackage;
}

/** What somebody may do to a package, each on a page that asks first. Shown to who is known; whether they may is asked by the page that it leads to. */
export function ManageCard({ frame, place, pkg }: ManageCardProps) {
  const isSnapshot = snapshotIn(place.at.branch) !== undefined;
  if (frame.user === undefined || !frame.canLogIn) return <></>;
  const offered = isSnapshot ? [] : manageVerbs;
  return (
    <section class="card" aria-labelledby="manage">
      <h2 id="manage">Manage</h2>
      <ul class="verbs">
        <li>
          <a href={packageLink(place, pkg.architecture, pkg, promoteView)}>Promote this version…</a>
        </li>
        {offered.map(({ verb, label }) => (
          <li>
            <a class="leaving" href={packageLink(place, pkg.architecture, pkg, verb)}>
              {label}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
