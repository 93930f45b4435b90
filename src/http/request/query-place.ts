import type { Exchange } from '../exchange/exchange.ts';

/** Branch and repository as far as the query names them. */
export function placeInQuery(exchange: Exchange): { readonly branch?: string; readonly repository?: string } {
  const branch = exchange.query('branch');
  const repository = exchange.query('repository') ?? exchange.query('repo');
  return { ...(branch !== undefined && { branch }), ...(repository !== undefined && { repository }) };
}
