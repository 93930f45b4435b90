import { Hono } from 'hono';
import type { Caller } from '../../../repository/service/caller.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import { routedIf, type HttpEnv } from '../../exchange/hono-exchange.ts';
import type { HttpDependencies, HttpSettings } from '../../options.ts';
import { shownName } from '../../caller/caller-credentials.ts';
import { checkLogin } from '../../caller/login-check.ts';
import type { RequestReader } from '../../caller/request-reader.ts';
import { isForBrowser, type PageContext } from '../frame/page-context.tsx';
import { loginFaultOf, loginFaults, type LoginFault } from './login-fault.ts';
import { LoginPage, LogoutPage, NoLoginPage } from './login-page.tsx';
import { isForm, readForm, refuseForeignPage } from '../frame/own-page.ts';
import { pageAnswer, seeOther } from '../frame/page-answer.ts';
import type { Sessions } from '../frame/session-cookie.ts';

interface LoginDeps extends Pick<HttpDependencies, 'repositories'> {
  readonly context: PageContext;
  readonly sessions: Sessions;
  readonly requests: RequestReader;
}

/** Login and logout for people; what programs ask for under the same paths goes on to the next route. */
export function loginRoutes(
  { repositories, requests, context, sessions }: LoginDeps,
  settings: HttpSettings,
): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>();

  const refuse = (exchange: Exchange, asked: { next: string; username: string }, { status, told }: LoginFault) =>
    pageAnswer(status, <LoginPage frame={context.frame(exchange)} {...asked} fault={told} />);

  const showForm = async (exchange: Exchange): Promise<Response> => {
    const frame = context.frame(exchange);
    if (!frame.canLogIn) return pageAnswer(404, <NoLoginPage frame={frame} />);
    const target = localPath(exchange.query('next'));
    if (exchange.query('prompt') === 'basic') return promptAnswer(exchange, target);
    return pageAnswer(200, <LoginPage frame={frame} next={target} />);
  };

  const promptAnswer = async (exchange: Exchange, target: string): Promise<Response> => {
    const { caller, frame } = await context.read(exchange);
    const isKnown = exchange.header('authorization') !== undefined && (await faultOf(exchange, caller)) === undefined;
    if (isKnown) return seeOther(`${frame.prefix}${target}`);
    const headers = { 'WWW-Authenticate': 'Basic realm="lkard", charset="UTF-8"' };
    return pageAnswer(401, <LoginPage frame={frame} next={target} />, headers);
  };

  const faultOf = (exchange: Exchange, caller: Caller): Promise<LoginFault | undefined> =>
    checkLogin(repositories, caller, settings.singleImage, { signal: exchange.signal }).then(
      () => undefined,
      loginFaultOf,
    );

  const logIn = async (exchange: Exchange): Promise<Response> => {
    const frame = context.frame(exchange);
    refuseForeignPage(exchange, frame);
    if (!frame.canLogIn) return pageAnswer(404, <NoLoginPage frame={frame} />);
    const form = await readForm(exchange);
    const next = localPath(form.get('next') ?? undefined);
    const login = { username: form.get('username') ?? '', password: form.get('password') ?? '' };
    const { username } = login;
    if (username === '' || username.includes(':')) return refuse(exchange, { next, username }, loginFaults.name);
    const caller = requests.known(exchange, { credentials: { kind: 'basic', ...login }, name: shownName(username) });
    const fault = await faultOf(exchange, caller);
    if (fault !== undefined) return refuse(exchange, { next, username }, fault);
    const cookie = await sessions.begin(login, siteOf(exchange, context));
    if (cookie === undefined) return refuse(exchange, { next, username }, loginFaults.tooLong);
    return seeOther(`${frame.prefix}${next}`, { 'Set-Cookie': cookie });
  };

  const askToLogOut = (exchange: Exchange) => pageAnswer(200, <LogoutPage frame={context.frame(exchange)} />);

  const logOut = (exchange: Exchange): Response => {
    refuseForeignPage(exchange, context.frame(exchange));
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

/** A path here, and nothing that a browser would take for another site's. */
function localPath(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])[^\\\0-\x20]*$/.test(next) ? next : '/';
}

function siteOf(exchange: Exchange, context: PageContext) {
  const { prefix, root } = context.frame(exchange);
  return { prefix, isSecure: root.startsWith('https:') };
}
