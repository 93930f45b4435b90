import { CopyText } from './recipe-box.tsx';
import { Layout } from './layout.tsx';
import type { PageFrame } from './layout.tsx';

export interface StartPageProps {
  readonly frame: PageFrame;
  /** Images to be seen without asking for them by name, each with the path of its page. */
  readonly images: readonly { readonly name: string; readonly href: string }[];
  /** The URL of a repository of an image that has yet to be made. */
  readonly exampleUrl: string;
}

/** What this place is, and the way to an image. */
export function StartPage({ frame, images, exampleUrl }: StartPageProps) {
  return (
    <Layout frame={frame} title="Alpine packages" crumbs={[{ label: 'Images' }]}>
      <h1>Alpine packages</h1>
      <p class="lead">
        This gateway keeps Alpine packages as OCI images. An image holds branches, a branch holds repositories, and
        every repository has a signed index for apk.
      </p>
      <form class="search" method="get" action={`${frame.prefix}/_images`}>
        <label>
          <span>Open an image</span>
          <input type="text" name="image" required placeholder="team/app" autocapitalize="none" spellcheck={false} />
        </label>
        <button type="submit">Open</button>
      </form>
      {images.length > 0 && (
        <section aria-labelledby="images">
          <h2 id="images">Images</h2>
          <ul class="cards">
            {images.map(({ name, href }) => (
              <li class="card">
                <a href={href}>{name}</a>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section aria-labelledby="begin">
        <h2 id="begin">Begin</h2>
        <p>An image comes to be with its first package:</p>
        <CopyText
          id="text-begin"
          label="Push the first package"
          text={`curl -fsS -u USER --upload-file demo-1.0-r0.apk ${exampleUrl}/push`}
        />
      </section>
    </Layout>
  );
}
