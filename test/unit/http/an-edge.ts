import { createHash, generateKeyPairSync } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Hono } from 'hono';
import { createApp, type HttpApp } from '../../../src/http/app.ts';
import type { HttpEnv } from '../../../src/http/exchange/hono-exchange.ts';
import type { HttpOptions } from '../../../src/http/options.ts';
import type { Log } from '../../../src/ports.ts';
import type { RepositoryCoordinates } from '../../../src/protocol/coordinates.ts';
import type { Caller } from '../../../src/repository/service/caller.ts';
import type {
  Publication,
  PublishedPackage,
  PublishOptions,
  StagedPackage,
} from '../../../src/repository/service/publishing.ts';
import type { FoundPackage, PublicKey, SignedIndex } from '../../../src/repository/service/reading.ts';
import type { Repositories } from '../../../src/repository/service/repositories.ts';

/** The HTTP edge over a service of which only what a test names may be called. */
export function anEdge(service: Partial<Repositories>, options: HttpOptions = {}): Hono<HttpEnv> {
  return aWholeEdge(service, options).hono;
}

/** The same with what only a socket uses. */
export function aWholeEdge(service: Partial<Repositories>, options: HttpOptions = {}): HttpApp {
  const deps = { repositories: aService(service), log: silentLog(), findUnreadiness: () => Promise.resolve([]) };
  return createApp(deps, options);
}

export function aService(service: Partial<Repositories>): Repositories {
  const unexpected = (name: string) => () => Promise.reject(new Error(`unexpected call of ${name}`));
  return new Proxy(service as Repositories, {
    // Nothing is at hand unless a test says so.
    get: (target, name: string) =>
      name.startsWith('peek') && !(name in target)
        ? () => undefined
        : name in target
          ? (Reflect.get(target, name) as unknown)
          : unexpected(name),
  });
}

export function silentLog(): Log {
  const quiet = () => undefined;
  return { debug: quiet, info: quiet, warn: quiet, error: quiet, audit: quiet };
}

export function anIndex(values: Partial<SignedIndex> = {}): SignedIndex {
  const bytes = Buffer.from('a signed index');
  const marks = { isStale: false, lagSeconds: 0, isUnverified: false };
  return { format: 'v2', bytes, etag: '"e1"', lastModified: undefined, count: 1, ...marks, ...values };
}

/** A package of these bytes; `opened` counts how often somebody read it. */
export function aFoundPackage(content: string, values: Partial<FoundPackage> = {}): FoundPackage & { opened: number } {
  const bytes = Buffer.from(content);
  const found = {
    opened: 0,
    entry: {} as FoundPackage['entry'],
    fileName: 'demo-1.0-r0.apk',
    digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` as const,
    size: bytes.length,
    pushedAt: new Date('2026-03-04T05:06:07Z'),
    lastModified: new Date('2026-03-04T05:06:07Z'),
    open(range?: { start: number; end: number }) {
      found.opened += 1;
      return Promise.resolve(Readable.from([range === undefined ? bytes : bytes.subarray(range.start, range.end + 1)]));
    },
    locate: () => Promise.resolve(undefined),
    ...values,
  };
  return found;
}

export function aKey(fileName: string): PublicKey {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  return { fileName, pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(), key: publicKey };
}

/** What a push did to the service, in order. */
export interface PushRecord {
  readonly events: string[];
  readonly committed: { at: RepositoryCoordinates; files: readonly StagedPackage[]; options?: PublishOptions }[];
}

/** A service that takes every push, but for whom `mayPush` refuses. */
export function aPushService(mayPush: (at: RepositoryCoordinates, caller: Caller) => void = () => undefined) {
  const record: PushRecord = { events: [], committed: [] };
  const begin: Repositories['begin'] = (at, caller) => {
    const place = `${at.image} ${at.branch}/${at.repository}`;
    record.events.push(`begin ${place}`);
    return Promise.resolve().then(() => {
      mayPush(at, caller);
      return publication(place, at);
    });
  };
  const publication = (place: string, at: RepositoryCoordinates): Publication => ({
    commit(files, options) {
      record.events.push(`commit ${place}`);
      record.committed.push({ at, files, ...(options && { options }) });
      return Promise.resolve(files.map(published));
    },
    cancel() {
      record.events.push(`cancel ${place}`);
      return Promise.resolve();
    },
  });
  return { begin, record };
}

function published({ summary, source }: StagedPackage): PublishedPackage {
  const { fileName, entry } = summary;
  const { digest, size } = source;
  const { architecture, name, version } = entry;
  return { fileName, architecture, name, version, digest, size, outcome: 'published', warnings: summary.warnings };
}
