import type { ListedRepository } from '../../../repository/service/catalog.ts';
import type { Paged } from '../../request/paging.ts';
import { Layout, type PageFrame } from '../frame/layout.tsx';
import { countOf } from '../frame/page-text.tsx';
import { Pager } from '../frame/pager.tsx';
import { RecipeBox } from '../recipes/recipe-box.tsx';
import type { Recipe } from '../recipes/use-recipes.ts';
import { FirstPush } from './first-push.tsx';
import { ImageCard } from './image-card.tsx';

/** An image of the list, with what it holds as far as that is known. */
export interface ShownImage {
  readonly name: string;
  readonly repositories: readonly ListedRepository[] | undefined;
}

/** Images to be seen without asking for them by name. */
export interface ShownImages {
  readonly query: string;
  readonly found: Paged<ShownImage>;
  /** False where there are more than were looked at. */
  readonly isComplete: boolean;
  /** The path of an image's page. */
  readonly linkTo: (image: string) => string;
  /** The path of a page of this list. */
  readonly linkToPage: (page: number) => string;
}

export interface StartPageProps {
  readonly frame: PageFrame;
  /** Undefined where the store keeps no list of images, or shows none to this caller. */
  readonly images: ShownImages | undefined;
  /** False where everybody reads everything. */
  readonly hasPrivate: boolean;
  /** How to push to an image that has yet to be made. */
  readonly publish: readonly Recipe[];
}

const firstLead =
  'An image comes to be with its first package: choose its name, a branch and a repository, here team/app, edge and main.';

/** What is here, and the way to it. */
export function StartPage({ frame, images, hasPrivate, publish }: StartPageProps) {
  const mayHideSome = hasPrivate && frame.canLogIn && frame.user === undefined;
  const isEmpty = images?.found.total === 0 && images.query === '' && images.isComplete;
  return (
    <Layout frame={frame} title="Images">
      <h1>Images</h1>
      <p class="lead">An image holds branches, a branch holds repositories, and every repository is signed for apk.</p>
      <div class="columns">
        <div>
          {images === undefined && <Unlisted frame={frame} />}
          {isEmpty && <p class="note">{describe(images, mayHideSome)}</p>}
          {isEmpty && <FirstPush recipes={publish} lead={firstLead} />}
          {images !== undefined && !isEmpty && <ImageList {...{ frame, images, mayHideSome }} />}
        </div>
        <div class="aside">
          {(images === undefined || !isEmpty) && <OpenImage frame={frame} />}
          {!isEmpty && <RecipeBox id="begin" title="Make a new image" recipes={publish} />}
        </div>
      </div>
    </Layout>
  );
}

function Unlisted({ frame: { user } }: { readonly frame: PageFrame }) {
  const whom = user === undefined ? 'to callers it doesn’t know' : 'to you';
  return (
    <p class="empty">
      The registry lists no images {whom}. Open one by its name{user === undefined && ', or log in'}.
    </p>
  );
}

function OpenImage({ frame }: { readonly frame: PageFrame }) {
  return (
    <section class="card" aria-labelledby="open">
      <h2 id="open">Open an image</h2>
      <form class="inline" method="get" action={`${frame.prefix}/_images`}>
        <label>
          <span>Its name</span>
          <input type="text" name="image" required placeholder="team/app" autocapitalize="none" spellcheck={false} />
        </label>
        <button type="submit">Open</button>
      </form>
    </section>
  );
}

interface ImageListProps {
  readonly frame: PageFrame;
  readonly images: ShownImages;
  /** Whether a login may show more. */
  readonly mayHideSome: boolean;
}

function ImageList({ frame, images, mayHideSome }: ImageListProps) {
  const { query, found, isComplete, linkTo, linkToPage } = images;
  return (
    <>
      {(found.pages > 1 || query !== '') && (
        <form class="inline" method="get" action={`${frame.prefix}/`} data-live="results">
          <label>
            <span>Filter images</span>
            <input type="search" name="q" value={query} maxlength={200} autocomplete="off" spellcheck={false} />
          </label>
          <button type="submit">Filter</button>
        </form>
      )}
      <div id="results">
        <h2 class="unseen">All images</h2>
        <p role="status" class="note">
          {describe(images, mayHideSome)}
        </p>
        <ul class="cards">
          {found.items.map(({ name, repositories }) => (
            <ImageCard name={name} href={linkTo(name)} repositories={repositories} now={frame.now} />
          ))}
        </ul>
        <Pager page={found.page} pages={found.pages} linkTo={linkToPage} />
        {!isComplete && <p class="note">There are more than could be looked at: open others by their name.</p>}
      </div>
    </>
  );
}

function describe({ query, found: { total, page, pages } }: ShownImages, mayHideSome: boolean): string {
  const where = pages > 1 ? `, page ${page} of ${pages}` : '';
  const what = total === 0 ? 'No images with packages' : countOf(total, 'image');
  const asked = query === '' ? '' : ` for “${query}”`;
  const more = mayHideSome && query === '' ? '; private ones show after logging in' : '';
  return `${what}${asked}${where}${more}.`;
}
