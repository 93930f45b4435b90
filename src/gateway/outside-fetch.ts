import { EnvHttpProxyAgent, fetch as fetchBy } from 'undici';
import type { Config } from '../config/config.ts';
import { readNamedFile } from '../files/text-file.ts';

const connectMs = 5000;

/**
 * What issuers of tokens are asked with: by the proxies and with the authorities that the environment names. Throws
 * CONFIG_INVALID where the file can't be read.
 */
export async function outsideFetch({ proxies, caFile }: Config['outside']): Promise<typeof fetch> {
  const tls = { timeout: connectMs, ...(caFile !== undefined && { ca: await readNamedFile(caFile, 'SSL_CERT_FILE') }) };
  const dispatcher = new EnvHttpProxyAgent({
    ...proxies,
    // Plain HTTP is asked of the proxy itself: many refuse a tunnel to anything but port 443.
    proxyTunnel: false,
    ...{ connect: tls, requestTls: tls, proxyTls: { timeout: connectMs } },
  });
  // The same standard, described by two packages.
  const ask = fetchBy as unknown as (url: unknown, init: object) => Promise<Response>;
  return (url, init) => ask(url, { ...init, dispatcher });
}
