import type { LookupAddress, LookupOptions } from 'node:dns';
import { GatewayError } from '../../../errors.ts';
import { literalAddress, reachOf, type AddressReach } from './network-address.ts';

/** Every address of a name, as `dns.promises.lookup` with `all` gives them. */
export type ResolveName = (hostname: string) => Promise<readonly LookupAddress[]>;

type LookupCallback = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/** Judges where a registry may send this program: onto the open Internet, and to the kind of network it is in itself. */
export interface AddressGuard {
  /** Throws STORE_ANSWER_INVALID where `url` spells out an address that the registry may not point to. */
  check(url: URL): Promise<void>;
  /**
   * For `net.connect`: only the addresses that may be used, and an error where none is left. Judging at the moment of
   * connecting leaves a name no time to change its address in between.
   */
  lookup(hostname: string, options: LookupOptions, callback: LookupCallback): void;
}

/** Guards against a registry that points into this machine's network, where it isn't there itself. */
export function createAddressGuard(deps: { readonly resolveName: ResolveName }, registryHost: string): AddressGuard {
  const addressesOf = async (hostname: string): Promise<readonly LookupAddress[]> => {
    const literal = literalAddress(hostname);
    return literal === undefined ? deps.resolveName(hostname) : [{ address: literal, family: 0 }];
  };

  const allowedReaches = async (): Promise<ReadonlySet<AddressReach>> =>
    new Set(['public', ...(await addressesOf(registryHost)).map(({ address }) => reachOf(address))]);

  const allowedAddresses = async (hostname: string): Promise<LookupAddress[]> => {
    const [addresses, reaches] = await Promise.all([addressesOf(hostname), allowedReaches()]);
    const allowed = addresses.filter(({ address }) => reaches.has(reachOf(address)));
    if (allowed.length === 0) throw forbiddenAddress(hostname);
    return allowed;
  };

  return {
    check: async (url) => {
      const literal = literalAddress(url.hostname);
      if (literal !== undefined && !(await allowedReaches()).has(reachOf(literal)))
        throw forbiddenAddress(url.hostname);
    },
    lookup: (hostname, options, callback) => {
      allowedAddresses(hostname).then(
        (addresses) => {
          answerLookup(addresses, options, callback);
        },
        (error: unknown) => {
          callback(error instanceof Error ? error : new Error('name look-up failed', { cause: error }), '');
        },
      );
    },
  };
}

function answerLookup(addresses: LookupAddress[], options: LookupOptions, callback: LookupCallback): void {
  const [first] = addresses;
  if (options.all === true || first === undefined) callback(null, addresses);
  else callback(null, first.address, first.family);
}

function forbiddenAddress(hostname: string): GatewayError {
  return new GatewayError(
    'STORE_ANSWER_INVALID',
    `the registry points to ${hostname}, which is an address of a private network that the registry isn't in`,
    { details: { hostname } },
  );
}
