/** Of a name's addresses so many get their share of the time to connect. */
const addressesTried = 4;

export interface Connecting {
  /** For a connection, TLS included, in milliseconds. */
  readonly connectMs: number;
  /** PEM texts of the only authorities that count. Default: the usual ones. */
  readonly ca?: string | undefined;
  /** Doesn't check certificates. */
  readonly isInsecure?: boolean | undefined;
}

/** How this program connects to others, as undici takes it. */
export function connectOptions({ connectMs, ca, isInsecure }: Connecting) {
  return {
    rejectUnauthorized: isInsecure !== true,
    timeout: connectMs,
    // Node leaves an address after 250 ms: too short for a slow handshake, when the other address is a dead one.
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: Math.ceil(connectMs / addressesTried),
    ...(ca !== undefined && { ca }),
  };
}

/** The same where a proxy may be on the way: `connect` is for what none is before, who is reached through one is looked up by it. */
export function proxiedOptions<Tls extends { readonly timeout: number }, Direct extends object>(
  tls: Tls,
  direct: Direct,
) {
  return {
    // Plain HTTP is asked of the proxy itself: many refuse a tunnel to anything but port 443.
    proxyTunnel: false,
    connect: { ...tls, ...direct },
    requestTls: tls,
    proxyTls: { timeout: tls.timeout },
  };
}
