import type { HttpContext } from '../options.ts';

/** Branch and repository as far as the query names them. */
export function placeInQuery(c: HttpContext): { readonly branch?: string; readonly repository?: string } {
  const branch = c.req.query('branch');
  const repository = c.req.query('repository') ?? c.req.query('repo');
  return { ...(branch !== undefined && { branch }), ...(repository !== undefined && { repository }) };
}
