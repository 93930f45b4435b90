import type { PackageCatalog } from '../../../repository/catalog/package-catalog.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import type { ListedSnapshot } from '../../../repository/service/snapshots.ts';
import { Layout, type Crumb, type PageFrame } from '../frame/layout.tsx';
import { packageLink, type RepositoryPlace } from '../frame/page-links.ts';
import { formatBytes, shortened } from '../frame/page-text.tsx';
import { SnapshotBanner } from '../past/snapshot-banner.tsx';
import { RecipeBox } from '../recipes/recipe-box.tsx';
import type { Recipe } from '../recipes/use-recipes.ts';
import { ElsewhereCard } from './elsewhere-card.tsx';
import { ManageCard } from './manage-card.tsx';
import { PackageFacts } from './package-facts.tsx';
import { RelationSection } from './relation-lists.tsx';
import { findElsewhere, type Surroundings } from './surroundings.ts';
import { VersionCard } from './version-card.tsx';

export interface PackagePageProps {
  readonly frame: PageFrame;
  readonly place: RepositoryPlace;
  readonly crumbs: readonly Crumb[];
  /** Undefined where the image may not be named. */
  readonly image: string | undefined;
  readonly architecture: string;
  /** Where the place is one, as far as this caller may know of it. */
  readonly snapshot: ListedSnapshot | undefined;
  readonly catalog: PackageCatalog;
  readonly surroundings: Surroundings;
  readonly pkg: ListedPackage;
  readonly use: readonly Recipe[];
}

const relations = ['depends', 'recommends', 'required-by', 'install-if', 'provides', 'replaces', 'source'] as const;

/** One version of a package: what it says of itself, what it needs, what needs it, and where else it is. */
export function PackagePage(props: PackagePageProps) {
  const { frame, place, crumbs, image, architecture, catalog, surroundings, pkg } = props;
  const { entry } = pkg;
  const lookUp = { place, architecture, catalog, elsewhere: surroundings.indexes };
  return (
    <Layout frame={frame} title={`${entry.name} ${entry.version}`} crumbs={crumbs} search={{ near: image }}>
      <h1>
        {entry.name} <small>{entry.version}</small>
      </h1>
      {entry.description !== '' && (
        <p class="lead clamp" dir="auto">
          {entry.description}
        </p>
      )}
      <SnapshotBanner place={place} snapshot={props.snapshot} now={frame.now} />
      <NewerVersion {...props} />
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
          <RecipeBox id="use" title={`Install ${shortened(entry.name, 40)}`} recipes={props.use} isOpen />
          <PackageFacts pkg={pkg} now={frame.now} sourceLink={sourceLink(props)} />
          {relations.map((relation) => (
            <RelationSection {...lookUp} pkg={pkg} relation={relation} />
          ))}
        </div>
        <div class="aside">
          <VersionCard {...{ place, architecture, catalog, pkg, now: frame.now }} />
          <ElsewhereCard
            name={entry.name}
            found={findElsewhere(entry.name, surroundings)}
            isComplete={surroundings.isComplete}
          />
          <ManageCard frame={frame} place={place} pkg={pkg} />
        </div>
      </div>
    </Layout>
  );
}

/** Where somebody looks at an old version. */
function NewerVersion({ place, architecture, catalog, pkg }: PackagePageProps) {
  const [newest] = catalog.versionsOf(pkg.entry.name);
  if (newest === undefined || newest.entry.version === pkg.entry.version) return <></>;
  return (
    <p class="banner">
      There is a newer version:{' '}
      <a href={packageLink(place, architecture, newest)}>{shortened(newest.entry.version, 60)}</a>
    </p>
  );
}

/** The page of the package that this one's source is named after, where there is one. */
function sourceLink({ place, architecture, catalog, pkg }: PackagePageProps): string | undefined {
  const { origin, name } = pkg.entry;
  const [source] = origin === undefined || origin === name ? [] : catalog.versionsOf(origin);
  return source && packageLink(place, architecture, source);
}

/** A login by the form is known to pages alone, so that a page has to hand the package out. */
function downloadLink({ frame, place, architecture, pkg }: PackagePageProps): string {
  if (frame.user?.hasSession === true) return packageLink(place, architecture, pkg, 'download');
  return `${place.path}/${pkg.architecture}/${encodeURIComponent(pkg.fileName)}`;
}
