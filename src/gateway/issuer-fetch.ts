import type { Config } from '../config/config.ts';

/** What issuers are asked with: undefined, Node's own, where the environment says nothing else or no policy names an issuer. */
export async function issuerFetch({
  outside,
  trust,
}: Pick<Config, 'outside' | 'trust'>): Promise<typeof fetch | undefined> {
  const { proxies, caFile } = outside;
  const isUsual = caFile === undefined && proxies.httpProxy === '' && proxies.httpsProxy === '';
  if (isUsual || trust.policyFile === undefined) return undefined;
  // Loaded only where it is needed: undici takes longer than all the rest of a start.
  return (await import('./outside-fetch.ts')).outsideFetch(outside);
}
