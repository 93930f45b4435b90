import { tmpdir } from 'node:os';
import { usualFields } from '../config/given.ts';
import type { Log, Meter } from '../ports.ts';
import type { Repositories } from '../repository/service/repositories.ts';
import type { Trust } from '../trust/open-trust.ts';
import type { AddressingOptions } from './request/upload-forms.ts';

/** What the HTTP edge is built on. */
export interface HttpDependencies {
  readonly repositories: Repositories;
  readonly log: Log;
  /** Why the gateway isn't ready to serve, one line a reason; empty where it is. */
  readonly findUnreadiness: () => Promise<readonly string[]>;
  /** What an operator should know of a gateway that is ready, one line each. Default: nothing. */
  readonly findWarnings?: (() => readonly string[]) | undefined;
  readonly meter?: Meter | undefined;
  /** What `/metrics` answers; undefined where it is served elsewhere or not at all. */
  readonly formatMetrics?: (() => Promise<{ readonly text: string; readonly contentType: string }>) | undefined;
  /** Who may push beside those whom the registry lets, and what must have signed packages. Default: nobody, nothing. */
  readonly trust?: Partial<Trust> | undefined;
}

/** What the gateway says of its own state. */
export type HealthDependencies = Pick<HttpDependencies, 'findUnreadiness' | 'findWarnings' | 'formatMetrics'>;

/** The settings of the HTTP edge; all have a default, those of the command line its own. */
export interface HttpOptions extends AddressingOptions {
  /** Keys, JWK set and setup script without credentials, read with the gateway's own. Default false. */
  readonly publicKeys?: boolean | undefined;
  /** What a caller without credentials may do with the gateway's own. Default: nothing. */
  readonly anonymousAsGateway?: 'read' | 'write' | undefined;
  /** Bytes of the largest package. */
  readonly maxPackageBytes?: number | undefined;
  /** Bytes of all packages of an upload. Default: as of the largest package. */
  readonly maxUploadBytes?: number | undefined;
  /** Bytes of memory that what the packages of an upload say of themselves may take. Default 4 MiB. */
  readonly maxHeldBytes?: number | undefined;
  /** Uploads under way at once. */
  readonly maxUploads?: number | undefined;
  /** Payloads of v3 packages that are held at once, for an upload or a page. Default 6. */
  readonly maxPayloads?: number | undefined;
  /** Uploads that may wait until one of those ends; one more is OVERLOADED. */
  readonly maxWaiting?: number | undefined;
  /** How long they may, in milliseconds. */
  readonly waitMs?: number | undefined;
  /** Bytes of an upload held in memory before it goes to a temporary file. Default 4 MiB. */
  readonly spoolMemoryBytes?: number | undefined;
  /** The folder of those files. Default the system's. */
  readonly tempDirectory?: string | undefined;
  /** Sends clients to the store's own URL for a package, where it has one. Default false: apko follows no redirect. */
  readonly redirectBlobs?: boolean | undefined;
  /** Names under which people reach the gateway, beside addresses and names that no stranger can have. Default none. */
  readonly hostNames?: readonly string[] | undefined;
  /** For how long, in milliseconds, a deleted package can still be fetched: pages say it. */
  readonly deleteGraceMs?: number | undefined;
  /** Whether the store asks callers who they are. Default true. */
  readonly judgesCallers?: boolean | undefined;
  /** Whether it was seen to do so: a registry without logins takes any credentials. Default: true. */
  readonly hasAskedWho?: (() => boolean) | undefined;
  /** Whether callers without credentials read what the gateway itself may. Default false. */
  readonly readsForAnybody?: boolean | undefined;
  /** Pages for browsers, the login by form among them. Default true. */
  readonly isUiEnabled?: boolean | undefined;
  /** What logins by form are encrypted under, the same for all replicas. Default: a key of this process alone. */
  readonly sessionSecret?: Uint8Array | undefined;
  /** Addresses or CIDR ranges whose `X-Forwarded-*` are believed. Default none. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Attempts with refused credentials that an address has a minute; 0 for any number. */
  readonly refusalsPerMinute?: number | undefined;
  /** Requests that an address has a second, health and metrics aside; 0 for any number. */
  readonly requestsPerSecond?: number | undefined;
}

/** The same with every default filled in. */
export type HttpSettings = HttpOptions & {
  readonly [
    Name in
      | 'maxPackageBytes'
      | 'maxUploadBytes'
      | 'maxHeldBytes'
      | 'maxPayloads'
      | 'maxUploads'
      | 'maxWaiting'
      | 'waitMs'
      | 'spoolMemoryBytes'
      | 'refusalsPerMinute'
      | 'requestsPerSecond'
      | 'deleteGraceMs'
  ]: number;
} & { readonly tempDirectory: string; readonly trustedProxies: readonly string[] };

/** Fills in the defaults; the caller's object stays as it is. */
export function completeHttpOptions(options: HttpOptions): HttpSettings {
  const { http: usual, repository } = usualFields;
  return {
    ...options,
    maxPackageBytes: options.maxPackageBytes ?? usual.maxPackageBytes,
    maxUploadBytes: options.maxUploadBytes ?? options.maxPackageBytes ?? usual.maxPackageBytes,
    maxHeldBytes: options.maxHeldBytes ?? 4 * 2 ** 20,
    maxPayloads: options.maxPayloads ?? 6,
    maxUploads: options.maxUploads ?? usual.maxUploads,
    maxWaiting: options.maxWaiting ?? usual.maxWaiting,
    waitMs: options.waitMs ?? usual.waitMs,
    spoolMemoryBytes: options.spoolMemoryBytes ?? 4 * 2 ** 20,
    tempDirectory: options.tempDirectory ?? tmpdir(),
    trustedProxies: options.trustedProxies ?? usual.trustedProxies,
    refusalsPerMinute: options.refusalsPerMinute ?? usual.refusalsPerMinute,
    requestsPerSecond: options.requestsPerSecond ?? usual.requestsPerSecond,
    deleteGraceMs: options.deleteGraceMs ?? repository.deleteGraceMs,
  };
}
