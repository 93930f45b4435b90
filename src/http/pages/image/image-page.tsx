import type { ListedRepository } from '../../../repository/service/catalog.ts';
import type { PublicKey } from '../../../repository/service/reading.ts';
import { KeysBox } from '../frame/keys-box.tsx';
import { Layout, type Crumb, type PageFrame } from '../frame/layout.tsx';
import { countOf, Day, formatBytes } from '../frame/page-text.tsx';
import { RecipeBox } from '../frame/recipe-box.tsx';
import type { Recipe } from '../frame/use-recipes.ts';

export interface ImagePageProps {
  readonly frame: PageFrame;
  readonly title: string;
  readonly crumbs: readonly Crumb[];
  /** Undefined where this caller may read the image but not list what is in it. */
  readonly repositories: readonly ListedRepository[] | undefined;
  readonly keys: readonly PublicKey[];
  readonly publish: readonly Recipe[];
  /** The path of a repository's page. */
  readonly linkTo: (repository: Pick<ListedRepository, 'branch' | 'repository'>) => string;
}

/** An image: its branches, the repositories in them, and how large they are. */
export function ImagePage({ frame, title, crumbs, repositories, keys, publish, linkTo }: ImagePageProps) {
  return (
    <Layout frame={frame} title={title} crumbs={crumbs}>
      <h1>{title}</h1>
      <p class="lead">{describeAll(repositories)}</p>
      <div class="columns">
        <div>
          {repositories === undefined ? <OpenRepository /> : <Branches repositories={repositories} linkTo={linkTo} />}
        </div>
        <div class="aside">
          <RecipeBox id="publish" title="Publish" recipes={publish} isOpen={repositories?.length === 0} />
          <KeysBox keys={keys} />
        </div>
      </div>
    </Layout>
  );
}

/** The repositories, branch by branch. */
function Branches({
  repositories,
  linkTo,
}: Pick<ImagePageProps, 'linkTo'> & { readonly repositories: readonly ListedRepository[] }) {
  const sorted = repositories.toSorted(byName);
  const branches = [...new Set(sorted.map(({ branch }) => branch))];
  const largest = Math.max(1, ...repositories.map(({ packages }) => packages.size));
  if (repositories.length === 0) return <p class="empty">No packages yet: push the first.</p>;
  return (
    <>
      {branches.map((branch) => (
        <section aria-labelledby={`branch-${branch}`}>
          <h2 id={`branch-${branch}`}>{branch}</h2>
          <ul class="cards">
            {sorted
              .filter((one) => one.branch === branch)
              .map((one) => (
                <RepositoryCard repository={one} href={linkTo(one)} largest={largest} />
              ))}
          </ul>
        </section>
      ))}
    </>
  );
}

/** For those who may read but not list; the page that it is on takes it. */
function OpenRepository() {
  return (
    <form class="search" method="get">
      <p class="note">
        The registry lets you read this image but not list what is in it. Open a repository by its name.
      </p>
      <label>
        <span>Branch</span>
        <input type="text" name="branch" required placeholder="edge" autocapitalize="none" spellcheck={false} />
      </label>
      <label>
        <span>Repository</span>
        <input type="text" name="repository" required placeholder="main" autocapitalize="none" spellcheck={false} />
      </label>
      <button type="submit">Open</button>
    </form>
  );
}

interface CardProps {
  readonly repository: ListedRepository;
  readonly href: string;
  readonly largest: number;
}

function RepositoryCard({ repository, href, largest }: CardProps) {
  const { packages, architectures, lastUpdated } = repository;
  return (
    <li class="card">
      <h3>
        <a href={href}>{repository.repository}</a>
      </h3>
      <p>
        {countOf(packages.count, 'version')}, {formatBytes(packages.size)}
      </p>
      <svg class="meter" viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true">
        <rect class="bar none" width="100" height="3" />
        <rect class="bar" width={Math.max(1, (100 * packages.size) / largest)} height="3" />
      </svg>
      <p class="note">
        {architectures.join(', ')}
        <br />
        changed <Day date={lastUpdated} />
      </p>
    </li>
  );
}

function byName(a: ListedRepository, b: ListedRepository): number {
  return `${a.branch}/${a.repository}` < `${b.branch}/${b.repository}` ? -1 : 1;
}

function describeAll(repositories: readonly ListedRepository[] | undefined): string {
  if (repositories === undefined) return 'What is in it isn’t shown to you';
  const count = repositories.reduce((sum, { packages }) => sum + packages.count, 0);
  const size = repositories.reduce((sum, { packages }) => sum + packages.size, 0);
  const where = countOf(repositories.length, 'repository', 'repositories');
  return `${countOf(count, 'package version')} in ${where}, ${formatBytes(size)}`;
}
