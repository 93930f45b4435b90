import { NOARCH } from '../../../apk/architectures.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import { Layout, type Crumb, type PageFrame } from '../frame/layout.tsx';
import { packageLink, repositoryLink, type RepositoryPlace } from '../frame/page-links.ts';
import { countOf, formatBytes, shortened } from '../frame/page-text.tsx';

interface DeletePageProps {
  readonly frame: PageFrame;
  readonly crumbs: readonly Crumb[];
  readonly place: RepositoryPlace;
  readonly architecture: string;
  readonly pkg: ListedPackage;
  /** Packages of this index that need this very version. */
  readonly dependents: readonly ListedPackage[];
}

const maxDependents = 10;

/** Asks whether to delete a file, and names what that does. */
export function DeletePage({ frame, crumbs, place, architecture, pkg, dependents }: DeletePageProps) {
  const { name, version } = pkg.entry;
  const { branch, repository } = place.at;
  const file = `${branch}/${repository}/${pkg.architecture}/${pkg.fileName}`;
  const everywhere = 'the index of every architecture, since it is made for none';
  return (
    <Layout frame={frame} title={`Delete ${name} ${version}`} crumbs={crumbs}>
      <h1>
        Delete {shortened(name, 200)} <small>{shortened(version, 100)}</small>?
      </h1>
      <section class="card ask" aria-labelledby="what">
        <h2 id="what">What happens</h2>
        <ul class="plain">
          <li>
            <code>{file}</code> ({formatBytes(pkg.size)}) goes from{' '}
            {pkg.architecture === NOARCH ? everywhere : `the index of ${pkg.architecture}`}, and can’t be installed any
            more.
          </li>
          <li>Machines that have it keep it. Other versions stay.</li>
          {dependents.length > 0 && <li>{describe(dependents)}</li>}
          <li>It can’t be undone here: whoever has the file may push it again.</li>
          <li>The space is freed by the next garbage collection.</li>
        </ul>
        <form method="post" action={packageLink(place, architecture, pkg, 'delete')} class="actions">
          <button type="submit" class="danger">
            Delete it
          </button>
          <a class="button quiet" href={packageLink(place, architecture, pkg)}>
            Keep it
          </a>
        </form>
      </section>
    </Layout>
  );
}

interface DeletedPageProps extends Pick<DeletePageProps, 'frame' | 'crumbs' | 'place' | 'architecture' | 'pkg'> {
  /** Those that it went from. */
  readonly architectures: readonly string[];
}

/** Tells that it is done. */
export function DeletedPage({ frame, crumbs, place, architecture, pkg, architectures }: DeletedPageProps) {
  const { name, version } = pkg.entry;
  return (
    <Layout frame={frame} title={`Deleted ${name} ${version}`} crumbs={crumbs}>
      <h1>
        {shortened(name, 200)} <small>{shortened(version, 100)}</small>
      </h1>
      <p class="lead" role="status">
        Deleted: no index of {place.at.branch}/{place.at.repository} lists it any more ({architectures.join(', ')}).
      </p>
      <p class="actions">
        <a class="button" href={repositoryLink(place, { arch: architecture })}>
          Back to the repository
        </a>
      </p>
    </Layout>
  );
}

function describe(dependents: readonly ListedPackage[]): string {
  const names = dependents.slice(0, maxDependents).map(({ entry }) => shortened(entry.name, 60));
  const more = dependents.length > names.length ? ` and ${dependents.length - names.length} more` : '';
  const needs = dependents.length === 1 ? 'depends' : 'depend';
  return `${countOf(dependents.length, 'package')} here ${needs} on it: ${names.join(', ')}${more}.`;
}
