import type { Context, Handler, MiddlewareHandler } from 'hono';
import type { Exchange } from './exchange.ts';
import { WebExchange } from './web-exchange.ts';

/** What routes know of Hono's environment: the exchange that the server handed in, or that was made of the request. */
export interface HttpEnv {
  readonly Bindings: { readonly exchange?: Exchange };
  readonly Variables: { exchange?: Exchange };
}

/** The exchange of a request that Hono routes: always the same one. */
export function exchangeOf(c: Context<HttpEnv>): Exchange {
  // Without a server Hono leaves the bindings undefined, whatever their type says.
  const bindings = c.env as HttpEnv['Bindings'] | undefined;
  const known = c.get('exchange') ?? bindings?.exchange;
  if (known !== undefined) return known;
  const made = new WebExchange(c.req.raw);
  c.set('exchange', made);
  return made;
}

/** A handler of ours as one of Hono's. */
export function routed(answer: (exchange: Exchange) => Response | Promise<Response>): Handler<HttpEnv> {
  return (c) => answer(exchangeOf(c));
}

/** The same for requests that `isFor` accepts; others go on to the next route. */
export function routedIf(
  isFor: (exchange: Exchange) => boolean,
  answer: (exchange: Exchange) => Response | Promise<Response>,
): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const exchange = exchangeOf(c);
    if (!isFor(exchange)) return next();
    return answer(exchange);
  };
}
