import type { Paged } from '../../request/paging.ts';
import { CopyText } from '../frame/recipe-box.tsx';
import { Layout, type PageFrame } from '../frame/layout.tsx';
import { countOf } from '../frame/page-text.tsx';
import { Pager } from '../frame/pager.tsx';

/** Images to be seen without asking for them by name. */
export interface ShownImages {
  readonly query: string;
  readonly found: Paged<string>;
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
  /** The URL of a repository of an image that has yet to be made. */
  readonly exampleUrl: string;
}

/** What this place is, and the way to an image. */
export function StartPage({ frame, images, exampleUrl }: StartPageProps) {
  const isLoggedIn = frame.user !== undefined;
  return (
    <Layout frame={frame} title="Alpine packages" crumbs={[{ label: 'Images' }]}>
      <h1>Alpine packages</h1>
      <p class="lead">
        This gateway keeps Alpine packages as OCI images. An image holds branches, a branch holds repositories, and
        every repository has a signed index for apk.
      </p>
      <div class="columns">
        <div>
          <section aria-labelledby="images">
            <h2 id="images">Images</h2>
            {images === undefined ? (
              <p class="empty">
                The registry lists no images {isLoggedIn ? 'to you' : 'to callers it doesn’t know'}. Open one by its
                name
                {!isLoggedIn && ', or log in'}.
              </p>
            ) : (
              <ImageList frame={frame} images={images} isLoggedIn={isLoggedIn} />
            )}
          </section>
        </div>
        <div class="aside">
          <section class="card" aria-labelledby="open">
            <h2 id="open">Open an image</h2>
            <form class="search" method="get" action={`${frame.prefix}/_images`}>
              <label>
                <span>Its name</span>
                <input
                  type="text"
                  name="image"
                  required
                  placeholder="team/app"
                  autocapitalize="none"
                  spellcheck={false}
                />
              </label>
              <button type="submit">Open</button>
            </form>
          </section>
          <section class="card" aria-labelledby="begin">
            <h2 id="begin">Make one</h2>
            <p>An image comes to be with its first package:</p>
            <CopyText
              id="text-begin"
              label="Push the first package"
              text={`curl -fsS -u USER --upload-file demo-1.0-r0.apk ${exampleUrl}/push`}
            />
            <p class="note">Leave -u out where no credentials are asked for.</p>
          </section>
        </div>
      </div>
    </Layout>
  );
}

interface ImageListProps {
  readonly frame: PageFrame;
  readonly images: ShownImages;
  readonly isLoggedIn: boolean;
}

function ImageList({ frame, images, isLoggedIn }: ImageListProps) {
  const { query, found, isComplete, linkTo, linkToPage } = images;
  return (
    <>
      {(found.pages > 1 || query !== '') && (
        <form class="search" role="search" method="get" action={`${frame.prefix}/`} data-live="results">
          <label>
            <span>Search images</span>
            <input type="search" name="q" value={query} maxlength={200} autocomplete="off" spellcheck={false} />
          </label>
          <button type="submit">Search</button>
        </form>
      )}
      <div id="results">
        <p role="status" class="note">
          {describe(images, isLoggedIn)}
        </p>
        <ul class="cards">
          {found.items.map((name) => (
            <li class="card">
              <a href={linkTo(name)}>{name}</a>
            </li>
          ))}
        </ul>
        <Pager page={found.page} pages={found.pages} linkTo={linkToPage} />
        {!isComplete && <p class="note">There are more than could be looked at: open others by their name.</p>}
      </div>
    </>
  );
}

function describe({ query, found: { total, page, pages } }: ShownImages, isLoggedIn: boolean): string {
  const where = pages > 1 ? `, page ${page} of ${pages}` : '';
  const what = total === 0 ? 'No images with packages' : countOf(total, 'image');
  const asked = query === '' ? '' : ` for “${query}”`;
  const more = isLoggedIn || query !== '' ? '' : '; private ones show after logging in';
  return `${what}${asked}${where}${more}.`;
}
