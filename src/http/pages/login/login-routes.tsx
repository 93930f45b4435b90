import { Hono } from 'hono';
import { GatewayError, isGatewayError } from '../../../errors.ts';
import type { Caller } from '../../../repository/repository.ts';
import { refuseCrossSite } from '../../caller/cross-site.ts';
import type { HttpContext, HttpDependencies, HttpEnv, HttpSettings } from '../../options.ts';
import { shownName } from '../../caller/caller-credentials.ts';
import { checkLogin } from '../../caller/login-check.ts';
import type { RequestReader } from '../../caller/request-reader.ts';
import { prefersHtml } from '../../request/accept.ts';
import { LoginPage, LogoutPage } from './login-page.tsx';
import { pageAnswer, seeOther } from '../frame/page-answer.ts';
import type { PageContext } from '../frame/page-context.tsx';
import type { Sessions } from '../frame/session-cookie.ts';

interface LoginDeps extends Pick<HttpDependencies, 'repositories'> {
  readonly context: PageContext;
  readonly sessions: Sessions;
  readonly requests: RequestReader;
}

const maxFormBytes = 16 * 1024;

/** Login and logout for people; what programs ask for under the same paths goes on to the next route. */
export function loginRoutes(
  { repositories, requests, context, sessions }: LoginDeps,
  settings: HttpSettings,
): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>();

  const refuse = (c: HttpContext, next: string, fault: string) =>
    // 401 would bring up the browser's own prompt in front of the form.
    pageAnswer(403, <LoginPage frame={context.frame(c)} next={next} fault={fault} />);

  routes.get('/_auth/login', (c, next) => {
    if (!isPage(c)) return next();
    const target = localPath(c.req.query('next'));
    if (c.req.query('prompt') !== 'basic') return pageAnswer(200, <LoginPage frame={context.frame(c)} next={target} />);
    return promptAnswer(c, target);
  });

  const promptAnswer = async (c: HttpContext, target: string): Promise<Response> => {
    const { caller, frame } = await context.read(c);
    const isKnown = c.req.header('authorization') !== undefined && (await isGood(c, caller));
    if (isKnown) return seeOther(`${frame.prefix}${target}`);
    const headers = { 'WWW-Authenticate': 'Basic realm="lkard", charset="UTF-8"' };
    return pageAnswer(401, <LoginPage frame={frame} next={target} />, headers);
  };

  const isGood = (c: HttpContext, caller: Caller): Promise<boolean> =>
    checkLogin(repositories, caller, settings.singleImage, { signal: c.req.raw.signal }).then(
      () => true,
      (error: unknown) => {
        if (isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) return false;
        throw error;
      },
    );

  routes.post('/_auth/login', async (c, next) => {
    if (!isPage(c) || !isForm(c)) return next();
    refuseForeign(c, context);
    const form = await readForm(c);
    const target = localPath(form.get('next') ?? undefined);
    const login = { username: form.get('username') ?? '', password: form.get('password') ?? '' };
    if (login.username === '' || login.username.includes(':')) return refuse(c, target, 'That can’t be a user’s name.');
    const caller = requests.known(c, { credentials: { kind: 'basic', ...login }, name: shownName(login.username) });
    if (!(await isGood(c, caller))) return refuse(c, target, 'The registry doesn’t take this user and password.');
    const cookie = await sessions.begin(login, siteOf(c, context));
    if (cookie === undefined)
      return refuse(c, target, 'The password is too long for a cookie: use the browser’s prompt.');
    return seeOther(`${context.frame(c).prefix}${target}`, { 'Set-Cookie': cookie });
  });

  routes.get('/_auth/logout', (c, next) =>
    isPage(c) ? pageAnswer(200, <LogoutPage frame={context.frame(c)} />) : next(),
  );

  routes.post('/_auth/logout', async (c, next) => {
    if (!isPage(c)) return next();
    refuseForeign(c, context);
    return Promise.resolve(seeOther(`${context.frame(c).prefix}/`, { 'Set-Cookie': sessions.end(siteOf(c, context)) }));
  });

  return routes;
}

function isPage(c: HttpContext): boolean {
  return prefersHtml(c.req.header('accept'));
}

function isForm(c: HttpContext): boolean {
  return c.req.header('content-type')?.startsWith('application/x-www-form-urlencoded') === true;
}

/** Another site's page may neither log people in under a name of its choice nor log them out. */
function refuseForeign(c: HttpContext, context: PageContext): void {
  const fetchSite = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin');
  refuseCrossSite({ fetchSite, origin, hasCredentials: true, host: context.frame(c).host });
}

/** A path here, and nothing that a browser would take for another site's. */
function localPath(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])[^\\\0-\x20]*$/.test(next) ? next : '/';
}

function siteOf(c: HttpContext, context: PageContext) {
  const { prefix, root } = context.frame(c);
  return { prefix, isSecure: root.startsWith('https:') };
}

async function readForm(c: HttpContext): Promise<URLSearchParams> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (c.req.raw.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxFormBytes) throw new GatewayError('REQUEST_INVALID', `the form is over ${maxFormBytes} bytes`);
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString());
}
