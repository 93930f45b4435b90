import { isIP } from 'node:net';

/** Whether a host is named as only this gateway can be: no page elsewhere can make that name stand for its address. */
export type OwnNames = (host: string) => boolean;

// Nobody can register these (RFC 2606, RFC 6761, RFC 6762, RFC 8375; `internal` by ICANN's resolution).
const unregistrable = /\.(?:localhost|local|internal|test|home\.arpa)$/;

/**
 * The names of a gateway beside addresses: those without a dot and those of a network's own, `domain` with its `apk.`, and
 * `hostNames`. Any other name could be a stranger's, whose DNS says this gateway's address for a moment (DNS rebinding).
 */
export function createOwnNames(options: {
  readonly domain?: string | undefined;
  readonly hostNames?: readonly string[] | undefined;
}): OwnNames {
  const { domain, hostNames = [] } = options;
  const given = [...hostNames, ...(domain === undefined ? [] : [domain, `apk.${domain}`])];
  const names = new Set(given.map((name) => name.toLowerCase()));
  return (host) => {
    const name = nameIn(host);
    return isIP(name) !== 0 || !name.includes('.') || unregistrable.test(name) || names.has(name);
  };
}

/** Without port, brackets and the dot of a full name. */
function nameIn(host: string): string {
  return host
    .toLowerCase()
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}
