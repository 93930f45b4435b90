import { EnvHttpProxyAgent, fetch as fetchBy } from 'undici';
import type { Config } from '../config/config.ts';
import { readNamedFile } from '../files/text-file.ts';
import { connectOptions, proxiedOptions } from '../connecting/connect-options.ts';

const connectMs = 5000;

/**
 * What issuers of tokens are asked with: by the proxies and with the authorities that the environment names. Throws
 * CONFIG_INVALID where the file can't be read.
 */
export async function outsideFetch({ proxies, caFile }: Config['outside']): Promise<typeof fetch> {
  const ca = caFile === undefined ? undefined : await readNamedFile(caFile, 'SSL_CERT_FILE');
  const dispatcher = new EnvHttpProxyAgent({
    ...proxies,
    ...proxiedOptions(connectOptions({ connectMs, ca }), {}),
  });
  // The same standard, described by two packages.
  const ask = fetchBy as unknown as (url: unknown, init: object) => Promise<Response>;
  return (url, init) => ask(url, { ...init, dispatcher });
}
