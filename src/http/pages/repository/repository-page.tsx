import type { PackageOrder } from '../../../repository/catalog/package-search.ts';
import type { ListedPackage, ListedRepository } from '../../../repository/service/catalog.ts';
import type { PublicKey } from '../../../repository/service/reading.ts';
import type { ListedSnapshot } from '../../../repository/service/snapshots.ts';
import { snapshotIn } from '../../../protocol/coordinates.ts';
import type { Paged } from '../../request/paging.ts';
import { Figures } from '../frame/figures.tsx';
import { Layout, type Crumb, type PageFrame } from '../frame/layout.tsx';
import { repositoryLink, type RepositoryPlace } from '../frame/page-links.ts';
import { countOf } from '../frame/page-text.tsx';
import { Pager } from '../frame/pager.tsx';
import { PastCard } from '../past/past-card.tsx';
import { SnapshotBanner } from '../past/snapshot-banner.tsx';
import { CopyLine } from '../recipes/copy-text.tsx';
import { KeysBox } from '../recipes/keys-box.tsx';
import { RecipeBox } from '../recipes/recipe-box.tsx';
import type { Recipe } from '../recipes/use-recipes.ts';
import type { Overview } from './overview.ts';
import { PackageTable } from './package-table.tsx';
import { PushChart } from './push-chart.tsx';
import { ArchitectureTabs, PlaceSwitch } from './repository-nav.tsx';
import { SizeChart } from './size-chart.tsx';

export interface RepositoryPageProps {
  readonly frame: PageFrame;
  readonly place: RepositoryPlace;
  readonly crumbs: readonly Crumb[];
  /** Undefined where the image may not be named. */
  readonly image: string | undefined;
  /** Where the image's own page is. */
  readonly imageHref: string;
  readonly architecture: string;
  /** Where the place is one, as far as this caller may know of it. */
  readonly snapshot: ListedSnapshot | undefined;
  /** Of the whole image; undefined where this caller may not list them. */
  readonly repositories: readonly ListedRepository[] | undefined;
  readonly query: { readonly q: string; readonly order: PackageOrder };
  readonly found: Paged<ListedPackage>;
  /** Of every version of every package in this architecture. */
  readonly overview: Overview;
  readonly keys: readonly PublicKey[];
  readonly use: readonly Recipe[];
  readonly publish: readonly Recipe[];
}

/** A repository in one architecture: its packages, how to use it, and how to push to it. */
export function RepositoryPage(props: RepositoryPageProps) {
  const { frame, place, crumbs, image, architecture, query, found } = props;
  const { held, largest, pushedIn } = props.overview;
  const where = `${place.at.branch}/${place.at.repository}`;
  const title = image === undefined ? where : `${image}/${where}`;
  const isSnapshot = snapshotIn(place.at.branch) !== undefined;
  const feed = isSnapshot ? undefined : `${place.path}/feed.atom?arch=${architecture}`;
  const linkTo = (page: number) => repositoryLink(place, { arch: architecture, ...query, page });
  return (
    <Layout frame={frame} title={title} crumbs={crumbs} feed={feed} search={{ near: image }}>
      <h1>
        {image !== undefined && <span class="quiet">{image}/</span>}
        {where}
      </h1>
      <SnapshotBanner place={place} snapshot={props.snapshot} now={frame.now} />
      <Figures held={held} now={frame.now} />
      <CopyLine id="url" label="URL of this repository" text={place.url} />
      <PlaceSwitch {...props} />
      <div class="columns">
        <div>
          <a class="below" href="#use">
            How to use this repository
          </a>
          <ArchitectureTabs {...props} {...query} />
          <FilterForm place={place} architecture={architecture} query={query} />
          <div id="results">
            <p role="status" class="note">
              {describeFound(query.q, found)}
            </p>
            <PackageTable place={place} architecture={architecture} packages={found.items} now={frame.now} />
            <Pager page={found.page} pages={found.pages} linkTo={linkTo} />
          </div>
        </div>
        <div class="aside">
          <RecipeBox id="use" title="Use this repository" recipes={props.use} isOpen />
          {!isSnapshot && <RecipeBox id="publish" title="Publish to it" recipes={props.publish} />}
          <KeysBox keys={props.keys} />
          {!isSnapshot && <PastCard place={place} />}
          <SizeChart {...{ place, architecture, largest }} totalBytes={held.bytes} />
          <PushChart pushedIn={pushedIn} now={frame.now} />
        </div>
      </div>
    </Layout>
  );
}

type FilterFormProps = Pick<RepositoryPageProps, 'place' | 'architecture' | 'query'>;

const orders: Readonly<Record<PackageOrder, string>> = {
  match: 'best match',
  name: 'name',
  date: 'newest first',
  size: 'largest first',
};

function FilterForm({ place, architecture, query }: FilterFormProps) {
  return (
    <form class="inline" method="get" action={place.path} data-live="results">
      <input type="hidden" name="arch" value={architecture} />
      <label>
        <span>Filter packages</span>
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
      <button type="submit">Filter</button>
    </form>
  );
}

function describeFound(q: string, { total, page, pages }: Paged<ListedPackage>): string {
  const where = pages > 1 ? `, page ${page} of ${pages}` : '';
  return q === '' ? `${countOf(total, 'package')}${where}` : `${countOf(total, 'package')} for “${q}”${where}`;
}
