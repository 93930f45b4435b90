import { Hono } from 'hono';
import { GatewayError, isGatewayError } from '../../../errors.ts';
import { readBeginning } from '../../../files/read-bounded.ts';
import type { Caller } from '../../../repository/service/caller.ts';
import { refuseCrossSite } from '../../caller/cross-site.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import { routedIf, type HttpEnv } from '../../exchange/hono-exchange.ts';
import type { HttpDependencies, HttpSettings } from '../../options.ts';
import { shownName } from '../../caller/caller-credentials.ts';
import { checkLogin } from '../../caller/login-check.ts';
import type { RequestReader } from '../../caller/request-reader.ts';
import { isForBrowser, type PageContext } from '../frame/page-context.tsx';
import { LoginPage, LogoutPage } from './login-page.tsx';
import { pageAnswer, seeOther } from '../frame/page-answer.ts';
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

  const refuse = (exchange: Exchange, next: string, fault: string) =>
    // 401 would bring up the browser's own prompt in front of the form.
    pageAnswer(403, <LoginPage frame={context.frame(exchange)} next={next} fault={fault} />);

  const showForm = (exchange: Exchange): Promise<Response> => {
    const target = localPath(exchange.query('next'));
    if (exchange.query('prompt') === 'basic') return promptAnswer(exchange, target);
    return pageAnswer(200, <LoginPage frame={context.frame(exchange)} next={target} />);
  };

  const promptAnswer = async (exchange: Exchange, target: string): Promise<Response> => {
    const { caller, frame } = await context.read(exchange);
    const isKnown = exchange.header('authorization') !== undefined && (await isGood(exchange, caller));
    if (isKnown) return seeOther(`${frame.prefix}${target}`);
    const headers = { 'WWW-Authenticate': 'Basic realm="lkard", charset="UTF-8"' };
    return pageAnswer(401, <LoginPage frame={frame} next={target} />, headers);
  };

  const isGood = (exchange: Exchange, caller: Caller): Promise<boolean> =>
    checkLogin(repositories, caller, settings.singleImage, { signal: exchange.signal }).then(
      () => true,
      (error: unknown) => {
        if (isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) return false;
        throw error;
      },
    );

  const logIn = async (exchange: Exchange): Promise<Response> => {
    refuseForeign(exchange, context);
    const form = await readForm(exchange);
    const target = localPath(form.get('next') ?? undefined);
    const login = { username: form.get('username') ?? '', password: form.get('password') ?? '' };
    const { username } = login;
    if (username === '' || username.includes(':')) return refuse(exchange, target, 'That can’t be a user’s name.');
    const caller = requests.known(exchange, { credentials: { kind: 'basic', ...login }, name: shownName(username) });
    if (!(await isGood(exchange, caller)))
      return refuse(exchange, target, 'The registry doesn’t take this user and password.');
    const cookie = await sessions.begin(login, siteOf(exchange, context));
    if (cookie === undefined)
      return refuse(exchange, target, 'The password is too long for a cookie: use the browser’s prompt.');
    return seeOther(`${context.frame(exchange).prefix}${target}`, { 'Set-Cookie': cookie });
  };

  const askToLogOut = (exchange: Exchange) => pageAnswer(200, <LogoutPage frame={context.frame(exchange)} />);

  const logOut = (exchange: Exchange): Response => {
    refuseForeign(exchange, context);
    const forget = { 'Set-Cookie': sessions.end(siteOf(exchange, context)) };
    return seeOther(`${context.frame(exchange).prefix}/`, forget);
  };

  routes.get('/_auth/login', routedIf(isForBrowser, showForm));
  routes.post(
    '/_auth/login',
    routedIf((exchange) => isForBrowser(exchange) && isForm(exchange), logIn),
  );
  routes.get('/_auth/logout', routedIf(isForBrowser, askToLogOut));
  routes.post('/_auth/logout', routedIf(isForBrowser, logOut));
  return routes;
}

function isForm(exchange: Exchange): boolean {
  return exchange.header('content-type')?.startsWith('application/x-www-form-urlencoded') === true;
}

/** Another site's page may neither log people in under a name of its choice nor log them out. */
function refuseForeign(exchange: Exchange, context: PageContext): void {
  const fetchSite = exchange.header('sec-fetch-site');
  const origin = exchange.header('origin');
  const { host } = context.frame(exchange);
  refuseCrossSite({ fetchSite, origin, hasCredentials: true, host, isOwnName: true });
}

/** A path here, and nothing that a browser would take for another site's. */
function localPath(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])[^\\\0-\x20]*$/.test(next) ? next : '/';
}

function siteOf(exchange: Exchange, context: PageContext) {
  const { prefix, root } = context.frame(exchange);
  return { prefix, isSecure: root.startsWith('https:') };
}

async function readForm(exchange: Exchange): Promise<URLSearchParams> {
  const { bytes, isWhole } = await readBeginning(exchange.openBody(), maxFormBytes);
  if (!isWhole) throw new GatewayError('REQUEST_INVALID', `the form is over ${maxFormBytes} bytes`);
  return new URLSearchParams(Buffer.from(bytes).toString());
}
