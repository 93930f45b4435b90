import type { FoundRepository, WideHit } from '../../../repository/catalog/wide-hits.ts';
import type { WideResult } from '../../../repository/catalog/wide-search.ts';
import type { Paged } from '../../request/paging.ts';
import { Figures } from '../frame/figures.tsx';
import { heldBy } from '../frame/held.ts';
import { Layout, type PageFrame } from '../frame/layout.tsx';
import { packageLink } from '../frame/page-links.ts';
import { countOf, shortened } from '../frame/page-text.tsx';
import { Ago } from '../frame/page-time.tsx';
import { Pager } from '../frame/pager.tsx';

export interface SearchPageProps extends Omit<WideResult, 'packages'> {
  readonly frame: PageFrame;
  readonly query: string;
  readonly near: string | undefined;
  readonly found: Paged<WideHit>;
  /** False where the only image may not be named. */
  readonly namesImages: boolean;
  /** The path below which an image's branches are. */
  readonly pathOf: (image: string) => string;
  readonly linkToPage: (page: number) => string;
}

/** What was found of everything: images, repositories, packages. */
export function SearchPage(props: SearchPageProps) {
  const { frame, query, near, found, images, repositories, isComplete, linkToPage } = props;
  return (
    <Layout frame={frame} title={query === '' ? 'Search' : `${query}: search`} search={{ query, near }}>
      <h1>{query === '' ? 'Search' : `“${query}”`}</h1>
      <p role="status" class="lead">
        {describe(props)}
      </p>
      {images.length > 0 && found.page === 1 && <ImageLinks frame={frame} images={images} />}
      {repositories.length > 0 && found.page === 1 && <RepositoryLinks {...props} />}
      {found.total > 0 && <PackageHits {...props} />}
      <Pager page={found.page} pages={found.pages} linkTo={linkToPage} />
      {!isComplete && (
        <p class="note">Not everything could be looked at: more words, or an image’s own page, find more.</p>
      )}
      {found.total === 0 && query !== '' && (
        <p class="note">
          Words are looked for in names, descriptions, sources and what packages provide; a word may also name an image,
          a branch, a repository or an architecture.
        </p>
      )}
    </Layout>
  );
}

function ImageLinks({ frame, images }: Pick<SearchPageProps, 'frame' | 'images'>) {
  return (
    <section aria-labelledby="images">
      <h2 id="images">Images</h2>
      <ul class="list">
        {images.map((name) => (
          <li>
            <a href={`${frame.prefix}/_images/${name}`}>{name}</a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function RepositoryLinks({ frame, repositories, pathOf, namesImages }: SearchPageProps) {
  return (
    <section aria-labelledby="repositories">
      <h2 id="repositories">Repositories</h2>
      <ul class="cards">
        {repositories.map(({ image, repository: one }: FoundRepository) => (
          <li class="card link">
            <h3>
              <a href={`${pathOf(image)}/${one.branch}/${one.repository}`}>
                {namesImages ? `${image}/` : ''}
                {one.branch}/{one.repository}
              </a>
            </h3>
            <Figures held={heldBy(one)} now={frame.now} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function PackageHits({ frame, found, pathOf, namesImages }: SearchPageProps) {
  return (
    <section aria-labelledby="packages">
      <h2 id="packages">Packages</h2>
      <ul class="hits">
        {found.items.map(({ place, pkg, architectures }) => (
          <li>
            <a
              class="name"
              href={packageLink(
                { path: `${pathOf(place.image)}/${place.branch}/${place.repository}` },
                place.architecture,
                pkg,
              )}
            >
              {shortened(pkg.entry.name, 100)}
            </a>{' '}
            <span class="version">{shortened(pkg.entry.version, 40)}</span>
            <span class="description" dir="auto">
              {shortened(pkg.entry.description, 200)}
            </span>
            <span class="note">
              {namesImages ? `${place.image}/` : ''}
              {place.branch}/{place.repository}, {architectures.slice(0, 8).join(', ')}, pushed{' '}
              <Ago date={pkg.pushedAt} now={frame.now} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function describe({ query, found, images, repositories }: SearchPageProps): string {
  if (query === '') return 'Words in names, descriptions and what packages provide, over everything you may read.';
  const { total, page, pages } = found;
  const where = pages > 1 ? `, page ${page} of ${pages}` : '';
  const kinds = [
    ...(images.length > 0 ? [countOf(images.length, 'image')] : []),
    ...(repositories.length > 0 ? [countOf(repositories.length, 'repository', 'repositories')] : []),
    countOf(total, 'package'),
  ];
  return `${kinds.join(', ')} found${where}.`;
}
