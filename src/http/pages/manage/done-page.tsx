import type { ListedPackage } from '../../../repository/service/catalog.ts';
import type { Change } from '../../../repository/service/lifecycle.ts';
import { Layout, type Crumb, type PageFrame } from '../frame/layout.tsx';
import { repositoryLink, withQuery, type RepositoryPlace } from '../frame/page-links.ts';
import { shortened } from '../frame/page-text.tsx';
import type { ManageVerb } from './verbs.ts';

interface DonePageProps {
  readonly frame: PageFrame;
  readonly crumbs: readonly Crumb[];
  readonly place: RepositoryPlace;
  readonly architecture: string;
  readonly pkg: ListedPackage;
  readonly verb: ManageVerb;
  readonly change: Change;
}

const words: Readonly<Record<ManageVerb, string>> = { withdraw: 'Withdrawn', delete: 'Deleted' };

/** Tells that a package was withdrawn or deleted. */
export function DonePage({ frame, crumbs, place, architecture, pkg, verb, change }: DonePageProps) {
  const { name, version } = pkg.entry;
  const architectures = [...new Set(change.packages.map((one) => one.architecture))];
  return (
    <Layout frame={frame} title={`${words[verb]} ${name} ${version}`} crumbs={crumbs}>
      <h1>
        {shortened(name, 200)} <small>{shortened(version, 100)}</small>
      </h1>
      <p class="lead" role="status">
        {words[verb]}: no index of {place.at.branch}/{place.at.repository} lists it any more ({architectures.join(', ')}
        ).
      </p>
      {change.notes.map((note) => (
        <p class="note">{note}</p>
      ))}
      <p class="actions">
        <a class="button" href={repositoryLink(place, { arch: architecture })}>
          Back to the repository
        </a>
        {verb === 'withdraw' && (
          <a class="button quiet" href={withQuery(place.path, { view: 'withdrawn' })}>
            Everything withdrawn here
          </a>
        )}
      </p>
    </Layout>
  );
}
