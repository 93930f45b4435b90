import type { PageFrame, SearchScope } from './layout.tsx';

interface SiteHeaderProps {
  readonly frame: PageFrame;
  readonly search?: SearchScope | undefined;
}

/** Name and mark, the search over everything, and who is logged in: the same on every page. */
export function SiteHeader({ frame, search }: SiteHeaderProps) {
  const { prefix, assets } = frame;
  return (
    <header class="site">
      <div class="top">
        <a class="brand" href={`${prefix}/`}>
          <img src={`${prefix}${assets.icon.path}`} alt="" width="28" height="28" />
          <span>lkard</span>
        </a>
        <SearchBox frame={frame} search={search} />
        <Account frame={frame} />
      </div>
    </header>
  );
}

/** Looks through all that the caller may read. */
export function SearchBox({ frame, search }: SiteHeaderProps) {
  const { query, near } = search ?? {};
  return (
    <form class="find" role="search" aria-label="Everything" method="get" action={`${frame.prefix}/_search`}>
      {near !== undefined && <input type="hidden" name="near" value={near} />}
      <input
        type="search"
        name="q"
        value={query}
        required
        maxlength={200}
        aria-label="Search everything"
        placeholder="Search packages, branches, architectures"
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
      />
      <button type="submit">Search</button>
    </form>
  );
}

function Account({ frame: { prefix, user, here, canLogIn } }: { readonly frame: PageFrame }) {
  if (user === undefined && !canLogIn) return <></>;
  if (user === undefined) {
    return (
      <a class="account" href={`${prefix}/_auth/login?next=${encodeURIComponent(here)}`}>
        Log in
      </a>
    );
  }
  return (
    <form class="account" method="post" action={`${prefix}/_auth/logout`}>
      <span class="user" title={user.name}>
        {user.name}
      </span>
      {user.hasSession && <button type="submit">Log out</button>}
    </form>
  );
}
