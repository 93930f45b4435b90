import type { PackageCatalog } from '../../../repository/catalog/package-catalog.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import { DependencyList, PackageLinks } from './dependency-list.tsx';
import { Layout, type Crumb, type PageFrame } from '../frame/layout.tsx';
import { PackageFacts } from './package-facts.tsx';
import { packageLink, type RepositoryPlace } from '../frame/page-links.ts';
import { countOf, Day, formatBytes } from '../frame/page-text.tsx';
import { RecipeBox } from '../frame/recipe-box.tsx';
import type { Recipe } from '../frame/use-recipes.ts';

export interface PackagePageProps {
  readonly frame: PageFrame;
  readonly place: RepositoryPlace;
  readonly crumbs: readonly Crumb[];
  readonly architecture: string;
  readonly catalog: PackageCatalog;
  readonly pkg: ListedPackage;
  readonly use: readonly Recipe[];
}

/** Tokens that a page shows; the package and its index have the rest. */
const maxTokens = 100;

/** One version of a package: what it says of itself, what it needs, what needs it. */
export function PackagePage(props: PackagePageProps) {
  const { frame, place, crumbs, architecture, catalog, pkg } = props;
  const { entry } = pkg;
  const lookUp = { place, architecture, catalog };
  return (
    <Layout frame={frame} title={`${entry.name} ${entry.version}`} crumbs={crumbs}>
      <h1>
        {entry.name} <small>{entry.version}</small>
      </h1>
      <p class="lead">{entry.description}</p>
      <p class="actions">
        <a class="button" href={downloadLink(props)} download={pkg.fileName}>
          Download ({formatBytes(pkg.size)})
        </a>
        <a class="button quiet" href={packageLink(place, architecture, pkg, 'files')}>
          Files in this package
        </a>
      </p>
      <div class="columns">
        <div>
          <PackageFacts pkg={pkg} />
          <DependencyList {...lookUp} id="depends" title="Needs" tokens={entry.depends} />
          <PackageLinks {...lookUp} id="dependents" title="Needed by" packages={catalog.dependentsOf(pkg)} />
          <DependencyList {...lookUp} id="install-if" title="Installed by itself with" tokens={entry.installIf} />
          <TokenList id="provides" title="Provides" tokens={entry.provides} />
        </div>
        <div class="aside">
          <RecipeBox id="use" title="Install it" recipes={props.use} isOpen />
          <Versions {...props} />
        </div>
      </div>
    </Layout>
  );
}

/** A login by the form is known to pages alone, so that a page has to hand the package out. */
function downloadLink({ frame, place, architecture, pkg }: PackagePageProps): string {
  if (frame.user?.hasSession === true) return packageLink(place, architecture, pkg, 'download');
  return `${place.path}/${pkg.architecture}/${encodeURIComponent(pkg.fileName)}`;
}

function TokenList({
  id,
  title,
  tokens,
}: {
  readonly id: string;
  readonly title: string;
  readonly tokens: readonly string[];
}) {
  if (tokens.length === 0) return <></>;
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <ul class="tokens">
        {tokens.slice(0, maxTokens).map((token) => (
          <li>
            <code>{token}</code>
          </li>
        ))}
      </ul>
      {tokens.length > maxTokens && <p class="note">and {countOf(tokens.length - maxTokens, 'more', 'more')}</p>}
    </section>
  );
}

function Versions({ place, architecture, catalog, pkg }: PackagePageProps) {
  return (
    <section class="card" aria-labelledby="versions">
      <h2 id="versions">Versions</h2>
      <ul class="versions">
        {catalog.versionsOf(pkg.entry.name).map((version) => (
          <li>
            <a
              href={packageLink(place, architecture, version)}
              aria-current={version.fileName === pkg.fileName ? 'page' : undefined}
            >
              {version.entry.version}
            </a>
            <Day date={version.pushedAt} />
          </li>
        ))}
      </ul>
    </section>
  );
}
