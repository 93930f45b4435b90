import type { Child } from 'hono/jsx';
import type { Assets } from './assets.ts';
import { SiteHeader } from './site-header.tsx';

/** What every page needs of the request it answers. */
export interface PageFrame {
  /** The path prefix that a proxy took off, without slash at its end; put before every path in a link. */
  readonly prefix: string;
  /** Scheme, host and that prefix. */
  readonly root: string;
  readonly host: string;
  readonly assets: Assets;
  /** Who is logged in, and whether by the form: only then is there something to log out of. */
  readonly user: { readonly name: string; readonly hasSession: boolean } | undefined;
  /** Whether anybody judges logins here. */
  readonly canLogIn: boolean;
  /** The path of this page, query included, without the prefix: where a login leads back to. */
  readonly here: string;
  /** What dates on the page are told from. */
  readonly now: Date;
}

/** One step of the way down to a page; the last is the page itself. */
export interface Crumb {
  readonly label: string;
  readonly href?: string | undefined;
}

export interface LayoutProps {
  readonly frame: PageFrame;
  readonly title: string;
  /** None on the start page, to which the header leads. */
  readonly crumbs?: readonly Crumb[] | undefined;
  /** The URL of a feed of this page's news. */
  readonly feed?: string | undefined;
  /** What the search at the top begins with. */
  readonly search?: SearchScope | undefined;
  readonly children: Child;
}

/** What the search at the top is filled in with. */
export interface SearchScope {
  readonly query?: string | undefined;
  /** An image that is looked at even where the registry doesn't list it. */
  readonly near?: string | undefined;
}

/** The frame around every page's content. */
export function Layout({ frame, title, crumbs = [], feed, search, children }: LayoutProps) {
  const { prefix, assets } = frame;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>{`${title} · lkard`}</title>
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
        <SiteHeader frame={frame} search={search} />
        <Breadcrumb crumbs={crumbs} />
        <main id="content" tabindex={-1}>
          {children}
        </main>
        <footer class="bottom">
          <span>Alpine packages, served by lkard</span>
          <a href={`${prefix}/openapi.json`}>API</a>
          {feed !== undefined && <a href={feed}>Feed of new packages</a>}
        </footer>
      </body>
    </html>
  );
}

function Breadcrumb({ crumbs }: { readonly crumbs: readonly Crumb[] }) {
  if (crumbs.length === 0) return <></>;
  return (
    <nav aria-label="Breadcrumb" class="way">
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
  );
}
