import { GatewayError } from '../errors.ts';

/** Variables of a process, by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Which proxies requests go through: what undici's EnvHttpProxyAgent is told. Empty text for none. */
export interface Proxies {
  readonly httpProxy: string;
  readonly httpsProxy: string;
  readonly noProxy: string;
}

const thisMachine = 'localhost,127.0.0.1,[::1]';

/**
 * What HTTP_PROXY, HTTPS_PROXY and NO_PROXY say, in small letters or capitals. This machine is spoken to directly, as other
 * container tools do. Throws CONFIG_INVALID where a proxy is no URL.
 */
export function proxiesOf(environment: Environment): Proxies {
  const valueOf = (name: string) => environment[name.toLowerCase()] ?? environment[name] ?? '';
  const none = valueOf('NO_PROXY').trim();
  return {
    httpProxy: proxyOf('HTTP_PROXY', valueOf('HTTP_PROXY')),
    httpsProxy: proxyOf('HTTPS_PROXY', valueOf('HTTPS_PROXY')),
    noProxy: none === '*' ? none : `${none},${thisMachine}`,
  };
}

/** Many write `proxy.example.org:3128` alone. The message has no value: it may hold a password. */
function proxyOf(name: string, value: string): string {
  if (value === '') return '';
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  if (URL.canParse(url) && /^https?:/i.test(url)) return url;
  throw new GatewayError('CONFIG_INVALID', `${name} is no URL of an HTTP proxy such as http://proxy.example.org:3128`);
}
