import type { ListedRepository } from '../../../repository/service/catalog.ts';
import type { PublicKey } from '../../../repository/service/reading.ts';
import { Figures, Meter } from '../frame/figures.tsx';
import { byHeld, heldBy, heldTogether } from '../frame/held.ts';
import { Layout, type Crumb, type PageFrame } from '../frame/layout.tsx';
import { withQuery } from '../frame/page-links.ts';
import { KeysBox } from '../recipes/keys-box.tsx';
import { RecipeBox } from '../recipes/recipe-box.tsx';
import type { Recipe } from '../recipes/use-recipes.ts';
import { FirstPush } from './first-push.tsx';
import { Chips } from './image-card.tsx';

export interface ImagePageProps {
  readonly frame: PageFrame;
  readonly title: string;
  readonly crumbs: readonly Crumb[];
  /** Undefined where the image may not be named, or is all there is. */
  readonly near: string | undefined;
  /** Undefined where this caller may read the image but not list what is in it. */
  readonly repositories: readonly ListedRepository[] | undefined;
  readonly keys: readonly PublicKey[];
  readonly publish: readonly Recipe[];
  /** The path of a repository's page. */
  readonly linkTo: (repository: Pick<ListedRepository, 'branch' | 'repository'>) => string;
}

/** An image: its branches, the repositories in them, and what they hold. */
export function ImagePage(props: ImagePageProps) {
  const { frame, title, crumbs, near, repositories, keys, publish } = props;
  const isEmpty = repositories?.length === 0;
  return (
    <Layout frame={frame} title={title} crumbs={crumbs} search={{ near }}>
      <h1>{title}</h1>
      {repositories === undefined && <p class="lead">What is in it isn’t shown to you.</p>}
      {isEmpty && <NothingHere frame={frame} image={near} />}
      {repositories !== undefined && !isEmpty && <Figures held={heldTogether(repositories)} now={frame.now} />}
      <div class="columns">
        <div>
          {repositories === undefined && <OpenRepository />}
          {isEmpty && <FirstPush recipes={publish} lead="It comes to be with its first package." />}
          {repositories !== undefined && <Branches {...props} repositories={repositories} />}
        </div>
        <div class="aside">
          {!isEmpty && <RecipeBox id="publish" title="Publish" recipes={publish} />}
          <KeysBox keys={keys} />
        </div>
      </div>
    </Layout>
  );
}

function NothingHere({ frame, image }: { readonly frame: PageFrame; readonly image: string | undefined }) {
  if (image === undefined) return <p class="lead">There are no packages yet.</p>;
  return (
    <>
      <p class="lead">There is no such image, or nothing in it.</p>
      <p class="actions">
        <a class="button" href={withQuery(`${frame.prefix}/_search`, { q: image })}>
          Search for “{image}”
        </a>
        <a class="button quiet" href={`${frame.prefix}/`}>
          All images
        </a>
      </p>
    </>
  );
}

type BranchesProps = Pick<ImagePageProps, 'linkTo' | 'frame'> & { readonly repositories: readonly ListedRepository[] };

/** The repositories, branch by branch. */
function Branches({ repositories, linkTo, frame }: BranchesProps) {
  const sorted = repositories.toSorted(byName);
  const branches = [...new Set(sorted.map(({ branch }) => branch))];
  const largest = Math.max(1, ...repositories.map(({ packages }) => packages.size));
  return (
    <>
      {branches.map((branch) => (
        <section aria-labelledby={`branch-${branch}`}>
          <h2 id={`branch-${branch}`}>
            <span class="kind">branch</span> {branch}
          </h2>
          <ul class="cards">
            {sorted
              .filter((one) => one.branch === branch)
              .map((one) => (
                <RepositoryCard repository={one} href={linkTo(one)} largest={largest} now={frame.now} />
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
    <form class="inline" method="get">
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
  readonly now: Date;
}

function RepositoryCard({ repository, href, largest, now }: CardProps) {
  return (
    <li class="card link">
      <h3>
        <a href={href}>{repository.repository}</a>
      </h3>
      <Figures held={heldBy(repository)} now={now} />
      <Meter value={repository.packages.size} largest={largest} />
      <Chips names={byHeld(repository.held)} what="architectures" />
    </li>
  );
}

/** v9 before v10. */
const { compare } = new Intl.Collator('en', { numeric: true });

function byName(a: ListedRepository, b: ListedRepository): number {
  return compare(a.branch, b.branch) || compare(a.repository, b.repository);
}
