import { createFreshCalls } from '../../concurrency/shared-calls.ts';
import { oncePerObject } from '../../concurrency/once-per-object.ts';
import type { Clock, Log } from '../../ports.ts';
import type { Group, RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { Credentials, Store } from '../../store/store.ts';
import type { ImageMemory } from '../image-memory.ts';
import { findFile } from '../index/index-content.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';
import type { IndexV3Views } from '../index-v3/index-v3-views.ts';
import { publicPemOf } from '../keys/signing-key.ts';
import type { SigningKey, SigningKeys } from '../keys/signing-keys.ts';
import { isStillThere } from '../live/absence.ts';
import type { Caller } from '../service/caller.ts';
import type { WithdrawnListing } from '../service/lifecycle.ts';
import type { RepositoryCatalog } from '../service/catalog.ts';
import type { RepositoryReading } from '../service/reading.ts';
import { createFindIndex } from '../views/answering-index.ts';
import { findKept } from '../keeping/find-kept.ts';
import type { KnownKept } from '../keeping/known-kept.ts';
import { factsOf, factsOfKept, foundPackage } from './found-package.ts';
import type { IndexView } from '../views/index-view.ts';
import type { IndexViews } from '../views/index-views.ts';
import { createListing } from './listing.ts';
import type { PackageCache } from './package-cache.ts';
import { createReader, type Reader } from '../views/reader-rights.ts';
import { createSignedIndexes } from './signed-index.ts';
import { createViewsWithin, type ViewsWithinDeps } from './views-within.ts';

export interface ReadingDeps {
  readonly clock: Clock;
  readonly store: Store;
  readonly signingKeys: SigningKeys;
  readonly views: IndexViews;
  readonly v3Views: IndexV3Views;
  readonly packages: PackageCache;
  readonly callerKey: (credentials: Credentials) => string;
  readonly memoryOf: (image: string) => ImageMemory;
  readonly snapshots: ViewsWithinDeps['snapshots'];
  readonly knownKept: KnownKept;
  readonly log: Log;
  /** For how long a caller's rights are taken from memory, in milliseconds. */
  readonly rightsMs: number;
}

/** The half of the service that changes nothing. */
export function createReading(deps: ReadingDeps): RepositoryReading & RepositoryCatalog & WithdrawnListing {
  const readerOf = (image: string, caller: Caller) =>
    createReader(deps.callerKey(caller.credentials), () =>
      deps.store.image(image, caller.credentials, caller.requestId),
    );
  const findIndex = createFindIndex(deps.views);
  const viewsWithin = createViewsWithin({ ...deps, readerOf });
  const signedIndexOf = createSignedIndexes('v2');
  const signedV3Of = createSignedIndexes('v3');
  const shareKeys = createFreshCalls<readonly SigningKey[]>();
  const factsOnce = oncePerObject((file: IndexedPackage) => factsOf(file, deps.clock.now()));

  const listedUntilLately = async (reader: Reader, group: Group, fileName: string) => {
    const file = deps.views.delisted(group, fileName);
    if (file === undefined) return undefined;
    return (await isStillThere(reader.image, file, deps.memoryOf(group.image).sightings)) ? file : undefined;
  };

  const findKeptIn = async (reader: Reader, { kept: tags }: IndexView, fileName: string) => {
    const kept = await findKept(reader.image, tags, fileName, deps.store.stamp());
    return kept && foundPackage(reader, deps.packages, factsOfKept(kept, deps.clock.now()), () => undefined);
  };

  return {
    ...createListing({ ...deps, findIndex, readerOf, viewsWithin }),

    peekIndex(at, architecture, caller) {
      const served = deps.views.peek(readerOf(at.image, caller), groupOf(at, architecture));
      return served && signedIndexOf(served);
    },

    async openIndex(at, architecture, caller) {
      const found = await findIndex(readerOf(at.image, caller), { ...at, architecture });
      return found && signedIndexOf(found.served);
    },

    peekIndexV3(at, architecture, caller) {
      const group = groupOf(at, architecture);
      const served = deps.views.peek(readerOf(at.image, caller), group);
      const view = served && deps.v3Views.peek(group, served.view);
      return view && signedV3Of({ ...served, view });
    },

    async openIndexV3(at, architecture, caller) {
      const found = await findIndex(readerOf(at.image, caller), { ...at, architecture });
      if (found === undefined) return undefined;
      const view = await deps.v3Views.view(found.group, found.served.view);
      return signedV3Of({ ...found.served, view });
    },

    async findPackage(at, architecture, fileName, caller) {
      const reader = readerOf(at.image, caller);
      const found = await findIndex(reader, { ...at, architecture });
      const content = found?.served.view.content;
      if (found === undefined || content === undefined) return undefined;
      const file = findFile(content, fileName) ?? (await listedUntilLately(reader, found.group, fileName));
      const suspect = () => {
        deps.views.suspect(found.group);
      };
      if (file !== undefined) return foundPackage(reader, deps.packages, factsOnce(file), suspect);
      return await findKeptIn(reader, found.served.view, fileName);
    },

    async findKept(at, fileName, caller, call = {}) {
      const reader = readerOf(at.image, caller);
      const seen = await viewsWithin(at, caller, call);
      const kept = await Promise.all(seen.map(({ view }) => findKeptIn(reader, view, fileName)));
      const found = kept.filter((one) => one !== undefined);
      return [...new Map(found.map((one) => [one.digest, one])).values()];
    },

    peekPackage(at, architecture, fileName, caller) {
      const content = deps.views.peek(readerOf(at.image, caller), groupOf(at, architecture))?.view.content;
      const file = content && findFile(content, fileName);
      const bytes = file && deps.packages.peek(at.image, file.pkg.digest);
      return file && bytes && { facts: factsOnce(file), bytes };
    },

    async keys(image, caller, call = {}) {
      const reader = readerOf(image, caller);
      // One set of keys for all images says nothing of any of them: asking is only for those whom the store refuses.
      const { arePerImage } = deps.signingKeys;
      const isAsked = arePerImage || caller.credentials.kind !== 'gateway';
      if (isAsked && !(await deps.views.authorize(reader, image, call)) && arePerImage) return [];
      // Asked again, so that all replicas name the same ones at once: several may have made the first.
      const refreshed = { ...call, refresh: true };
      const keys = await shareKeys(`${reader.key} ${image}`, () => deps.signingKeys.ofImage(reader.image, refreshed));
      const v3Keys = (await deps.signingKeys.ofV3?.()) ?? [];
      return [...keys, ...v3Keys].map((key) => ({ fileName: key.fileName, pem: publicPemOf(key), key: key.publicKey }));
    },

    authorize: (image, caller, call) => deps.views.authorize(readerOf(image, caller), image, call),
  };
}

// Not by spreading: that is slow where each request does it.
function groupOf({ image, branch, repository }: RepositoryCoordinates, architecture: string): Group {
  return { image, branch, repository, architecture };
}
