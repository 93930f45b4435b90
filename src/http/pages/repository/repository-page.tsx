import type { Paged } from '../../request/paging.ts';
import type { PackageOrder } from '../../../repository/catalog/package-search.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import type { PublicKey } from '../../../repository/service/reading.ts';
import { KeysBox } from '../frame/keys-box.tsx';
import { Layout, type Crumb, type PageFrame } from '../frame/layout.tsx';
import { PackageTable } from './package-table.tsx';
import { repositoryLink, type RepositoryPlace } from '../frame/page-links.ts';
import { countOf, Day, formatBytes } from '../frame/page-text.tsx';
import { Pager } from '../frame/pager.tsx';
import { PushChart } from './push-chart.tsx';
import { RecipeBox } from '../frame/recipe-box.tsx';
import { SizeChart } from './size-chart.tsx';
import type { Recipe } from '../frame/use-recipes.ts';

export interface RepositoryPageProps {
  readonly frame: PageFrame;
  readonly place: RepositoryPlace;
  readonly crumbs: readonly Crumb[];
  readonly architecture: string;
  /** Undefined where this caller may not list them. */
  readonly architectures: readonly string[] | undefined;
  readonly query: { readonly q: string; readonly order: PackageOrder };
  readonly found: Paged<ListedPackage>;
  /** Every version of every package in this architecture. */
  readonly all: readonly ListedPackage[];
  readonly keys: readonly PublicKey[];
  readonly use: readonly Recipe[];
  readonly publish: readonly Recipe[];
  readonly now: Date;
}

/** A repository in one architecture: its packages, how to use it, and how to push to it. */
export function RepositoryPage(props: RepositoryPageProps) {
  const { frame, place, crumbs, architecture, query, found } = props;
  const title = `${place.at.branch}/${place.at.repository}`;
  const linkTo = (page: number) => repositoryLink(place, { arch: architecture, ...query, page });
  return (
    <Layout frame={frame} title={title} crumbs={crumbs} feed={`${place.path}/feed.atom?arch=${architecture}`}>
      <h1>{title}</h1>
      <Summary all={props.all} architecture={architecture} />
      <div class="columns">
        <div>
          <a class="below" href="#use">
            Use this repository
          </a>
          <ArchitectureLinks {...props} />
          <SearchForm place={place} architecture={architecture} query={query} />
          <div id="results">
            <p role="status" class="note">
              {describeFound(query.q, found)}
            </p>
            <PackageTable place={place} architecture={architecture} packages={found.items} />
            <Pager page={found.page} pages={found.pages} linkTo={linkTo} />
          </div>
        </div>
        <div class="aside">
          <RecipeBox id="use" title="Use this repository" recipes={props.use} isOpen />
          <RecipeBox id="publish" title="Publish to it" recipes={props.publish} />
          <KeysBox keys={props.keys} />
          <SizeChart place={place} architecture={architecture} packages={props.all} />
          <PushChart dates={props.all.map(({ pushedAt }) => pushedAt)} now={props.now} />
        </div>
      </div>
    </Layout>
  );
}

function Summary({ all, architecture }: { readonly all: readonly ListedPackage[]; readonly architecture: string }) {
  const newest = all.reduce<number>((time, { pushedAt }) => Math.max(time, pushedAt.getTime()), 0);
  const names = new Set(all.map(({ entry }) => entry.name)).size;
  return (
    <p class="lead">
      {countOf(names, 'package')} in {countOf(all.length, 'version')} for {architecture},{' '}
      {formatBytes(all.reduce((sum, { size }) => sum + size, 0))}
      {newest > 0 && (
        <>
          , the newest of <Day date={new Date(newest)} />
        </>
      )}
    </p>
  );
}

function ArchitectureLinks({ place, architecture, architectures, query }: RepositoryPageProps) {
  if (architectures === undefined) return <ArchitectureForm place={place} architecture={architecture} />;
  if (architectures.length < 2) return <></>;
  return (
    <nav aria-label="Architectures">
      <ul class="tabs">
        {architectures.map((arch) => (
          <li>
            <a
              href={repositoryLink(place, { arch, ...query })}
              aria-current={arch === architecture ? 'page' : undefined}
            >
              {arch}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** For those who may read but not list: what other architectures there are is not known to them. */
function ArchitectureForm({ place, architecture }: Pick<RepositoryPageProps, 'place' | 'architecture'>) {
  return (
    <form class="search" method="get" action={place.path}>
      <p class="note">
        The registry lets you read this image but not list its tags, so you see the index as it was stored, and other
        architectures only by name.
      </p>
      <label>
        <span>Architecture</span>
        <input type="text" name="arch" value={architecture} required autocapitalize="none" spellcheck={false} />
      </label>
      <button type="submit">Show</button>
    </form>
  );
}

type SearchFormProps = Pick<RepositoryPageProps, 'place' | 'architecture' | 'query'>;

const orders: Readonly<Record<PackageOrder, string>> = {
  match: 'best match',
  name: 'name',
  date: 'newest first',
  size: 'largest first',
};

function SearchForm({ place, architecture, query }: SearchFormProps) {
  return (
    <form class="search" role="search" method="get" action={place.path} data-live="results">
      <input type="hidden" name="arch" value={architecture} />
      <label>
        <span>Search packages</span>
        <input type="search" name="q" value={query.q} maxlength={200} autocomplete="off" spellcheck={false} />
      </label>
      <label>
        <span>Order</span>
        <select name="order">
          {Object.entries(orders).map(([order, label]) => (
            <option value={order} selected={order === query.order}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <button type="submit">Search</button>
    </form>
  );
}

function describeFound(q: string, { total, page, pages }: Paged<ListedPackage>): string {
  const where = pages > 1 ? `, page ${page} of ${pages}` : '';
  return q === '' ? `${countOf(total, 'package')}${where}` : `${countOf(total, 'package')} for “${q}”${where}`;
}
