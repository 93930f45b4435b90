import type { Child } from 'hono/jsx';
import type { Assets } from './assets.ts';

/** What every page needs of the request it answers. */
export interface PageFrame {
  /** The path prefix that a proxy took off, without slash at its end: stands before every path in a link. */
  readonly prefix: string;
  /** Scheme, host and that prefix. */
  readonly root: string;
  readonly host: string;
  readonly assets: Assets;
  /** Who is logged in, and whether by the form: only then is there something to log out of. */
  readonly user: { readonly name: string; readonly hasSession: boolean } | undefined;
  /** The path of this page, query included, without the prefix: where a login leads back to. */
  readonly here: string;
}

/** One step of the way down to a page; the last is the page itself. */
export interface Crumb {
  readonly label: string;
  readonly href?: string | undefined;
}

export interface LayoutProps {
  readonly frame: PageFrame;
  readonly title: string;
  readonly crumbs: readonly Crumb[];
  /** The URL of a feed of this page's news. */
  readonly feed?: string | undefined;
  readonly children: Child;
}

/** The frame around every page's content. */
export function Layout({ frame, title, crumbs, feed, children }: LayoutProps) {
  const { prefix, assets } = frame;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>{title}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="stylesheet" href={`${prefix}${assets.style.path}`} />
        <link rel="icon" href={`${prefix}${assets.icon.path}`} type="image/svg+xml" />
        {feed !== undefined && <link rel="alternate" type="application/atom+xml" title="New packages" href={feed} />}
        <script src={`${prefix}${assets.script.path}`} defer></script>
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to content
        </a>
        <header class="top">
          <nav aria-label="Breadcrumb">
            <ol class="crumbs">
              {crumbs.map(({ label, href }, i) => (
                <li>
                  {href === undefined || i === crumbs.length - 1 ? (
                    <span aria-current="page">{label}</span>
                  ) : (
                    <a href={href}>{label}</a>
                  )}
                </li>
              ))}
            </ol>
          </nav>
          <Account frame={frame} />
        </header>
        <main id="content" tabindex={-1}>
          {children}
        </main>
        <footer class="bottom">
          <a href={`${prefix}/openapi.json`}>API</a>
          {feed !== undefined && <a href={feed}>Feed of new packages</a>}
          <span>Served by lkard</span>
        </footer>
      </body>
    </html>
  );
}

function Account({ frame: { prefix, user, here } }: { readonly frame: PageFrame }) {
  if (user === undefined) {
    return (
      <a class="account" href={`${prefix}/_auth/login?next=${encodeURIComponent(here)}`}>
        Log in
      </a>
    );
  }
  return (
    <form class="account" method="post" action={`${prefix}/_auth/logout`}>
      <span>{user.name}</span>
      {user.hasSession && <button type="submit">Log out</button>}
    </form>
  );
}
