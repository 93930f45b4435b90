import { Layout, type PageFrame } from '../frame/layout.tsx';

export interface LoginPageProps {
  readonly frame: PageFrame;
  /** The path, without the proxy's prefix, that a login leads to. */
  readonly next: string;
  /** Who tried. */
  readonly username?: string | undefined;
  /** Why that failed. */
  readonly fault?: string | undefined;
}

/** The form to log in by, and the way to the browser's own prompt. */
export function LoginPage({ frame, next, username, fault }: LoginPageProps) {
  const action = `${frame.prefix}/_auth/login`;
  return (
    <Layout frame={frame} title="Log in" crumbs={[{ label: 'Start', href: `${frame.prefix}/` }, { label: 'Log in' }]}>
      <h1>Log in</h1>
      <p class="lead">With the user and password that push to {frame.host}; a token goes where the password does.</p>
      {fault !== undefined && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <form class="login card" method="post" action={action}>
        <input type="hidden" name="next" value={next} />
        <label>
          <span>User</span>
          <input
            type="text"
            name="username"
            value={username}
            required
            autofocus={username === undefined}
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
          />
        </label>
        <label>
          <span>Password</span>
          <input
            type="password"
            name="password"
            required
            autofocus={username !== undefined}
            autocomplete="current-password"
          />
        </label>
        <button type="submit">Log in</button>
      </form>
      <p class="note">
        An encrypted cookie keeps the login for eight hours.{' '}
        <a href={`${action}?prompt=basic&next=${encodeURIComponent(next)}`}>Use the browser’s own prompt instead.</a>
      </p>
    </Layout>
  );
}

/** Where nobody judges logins. */
export function NoLoginPage({ frame }: { readonly frame: PageFrame }) {
  return (
    <Layout frame={frame} title="No login" crumbs={[{ label: 'Start', href: `${frame.prefix}/` }, { label: 'Log in' }]}>
      <h1>Nobody logs in here</h1>
      <p class="lead">This store asks nobody who they are: everybody who reaches it may read and push.</p>
      <p class="actions">
        <a class="button" href={`${frame.prefix}/`}>
          Start page
        </a>
      </p>
    </Layout>
  );
}

/** Asks whether to log out: a link alone must not do it. */
export function LogoutPage({ frame }: { readonly frame: PageFrame }) {
  return (
    <Layout frame={frame} title="Log out" crumbs={[{ label: 'Start', href: `${frame.prefix}/` }, { label: 'Log out' }]}>
      <h1>Log out</h1>
      <form method="post" action={`${frame.prefix}/_auth/logout`}>
        <button type="submit">Log out</button>
      </form>
    </Layout>
  );
}
