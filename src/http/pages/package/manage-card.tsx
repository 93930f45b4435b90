import type { ListedPackage } from '../../../repository/service/catalog.ts';
import type { PageFrame } from '../frame/layout.tsx';
import { packageLink, type RepositoryPlace } from '../frame/page-links.ts';

interface ManageCardProps {
  readonly frame: PageFrame;
  readonly place: RepositoryPlace;
  readonly pkg: ListedPackage;
}

/** What somebody may do to a package, each on a page that asks first; the view of the package that does. */
const verbs = [{ view: 'delete', label: 'Delete this version…' }] as const;

/** Shown to who is known; whether they may is asked by the page that it leads to. */
export function ManageCard({ frame, place, pkg }: ManageCardProps) {
  if (frame.user === undefined || !frame.canLogIn) return <></>;
  return (
    <section class="card" aria-labelledby="manage">
      <h2 id="manage">Manage</h2>
      <ul class="verbs">
        {verbs.map(({ view, label }) => (
          <li>
            <a href={packageLink(place, pkg.architecture, pkg, view)}>{label}</a>
          </li>
        ))}
      </ul>
    </section>
  );
}
