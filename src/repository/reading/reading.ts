import { NOARCH } from '../../apk/architectures.ts';
import type { Readable } from 'node:stream';
import { GatewayError, isGatewayError } from '../../errors.ts';
import type { Clock, Log } from '../../ports.ts';
import type { CallOptions, Credentials, ImageStore, Store } from '../../store/store.ts';
import { isStillThere } from '../live/absence.ts';
import type { Group, RepositoryCoordinates } from '../../protocol/coordinates.ts';
import { createImageList } from './image-list.ts';
import type { ImageMemory } from '../image-memory.ts';
import { findFile } from '../index/index-content.ts';
import { lastModifiedOf } from '../index/last-modified.ts';
import { contestedTags } from '../live/names.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';
import type { IndexView } from './index-view.ts';
import type { IndexViews } from './index-views.ts';
import type { IndexV3Views } from '../index-v3/index-v3-views.ts';
import { EVERY, type Look, type Scope } from '../live/look.ts';
import { allFiles, listed, listedRepository, ownFiles, pushedAt } from './listed-files.ts';
import { createFreshCalls } from '../../concurrency/shared-calls.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import type { PackageCache } from './package-cache.ts';
import { createReader, type Reader } from './reader-rights.ts';
import type { Caller } from '../service/caller.ts';
import type { RepositoryCatalog } from '../service/catalog.ts';
import type { FoundPackage, PackageFacts, RepositoryReading } from '../service/reading.ts';
import type { RepositoryStatus, RepositoryUpkeep } from '../service/upkeep.ts';
import { oncePerObject } from '../../concurrency/once-per-object.ts';
import { createSignedIndexes } from './signed-index.ts';
import { publicPemOf } from '../keys/signing-key.ts';
import type { SigningKey, SigningKeys } from '../keys/signing-keys.ts';

export interface ReadingDeps {
  readonly clock: Clock;
  readonly store: Store;
  readonly signingKeys: SigningKeys;
  readonly views: IndexViews;
  readonly v3Views: IndexV3Views;
  readonly packages: PackageCache;
  readonly callerKey: (credentials: Credentials) => string;
  readonly memoryOf: (image: string) => ImageMemory;
  readonly look: (image: ImageStore, at: RepositoryCoordinates, scope: Scope, call?: CallOptions) => Promise<Look>;
  readonly log: Log;
}

/** Groups of an image that are read at a time for a listing. */
const groupConcurrency = 4;

/** The half of the service that changes nothing. */
export function createReading(
  deps: ReadingDeps,
): RepositoryReading & RepositoryCatalog & Pick<RepositoryUpkeep, 'status'> {
  const readerOf = (image: string, caller: Caller) =>
    createReader(deps.callerKey(caller.credentials), () =>
      deps.store.image(image, caller.credentials, caller.requestId),
    );
  const signedIndexOf = createSignedIndexes('v2');
  const signedV3Of = createSignedIndexes('v3');
  const imagesOf = createImageList(deps);
  const shareKeys = createFreshCalls<readonly SigningKey[]>();
  const factsOnce = oncePerObject((file: IndexedPackage) => factsOf(file, deps.clock.now()));

  /** The index that answers for an architecture: its own, or noarch's where it never had one. */
  const viewFor = async (reader: Reader, group: Group) => {
    const noarch = { ...group, architecture: NOARCH };
    const viewOf = async (one: Group) => {
      const served = await deps.views.view(reader, one);
      return served && { served, group: one };
    };
    if (group.architecture === NOARCH || !deps.views.hadNothing(reader, group)) {
      const own = await viewOf(group);
      return own ?? (group.architecture === NOARCH ? undefined : viewOf(noarch));
    }
    // Both at once: most likely there is none again, and nobody waits twice for a store that is away.
    const [own, shared] = await Promise.allSettled([viewOf(group), viewOf(noarch)]);
    if (own.status === 'fulfilled' && own.value !== undefined) return own.value;
    if (shared.status === 'rejected') throw shared.reason;
    if (own.status === 'fulfilled') return shared.value;
    // That there was none is old news by now.
    if (shared.value === undefined || !isGatewayError(own.reason, 'STORE_UNAVAILABLE')) throw own.reason;
    return { ...shared.value, served: { ...shared.value.served, isStale: true } };
  };

  const listedUntilLately = async (reader: Reader, group: Group, fileName: string) => {
    const file = deps.views.delisted(group, fileName);
    if (file === undefined) return undefined;
    return (await isStillThere(reader.image, file, deps.memoryOf(group.image).sightings)) ? file : undefined;
  };

  const groupsOf = async (reader: Reader, within: Within, call: CallOptions): Promise<readonly Group[]> => {
    const { image } = within;
    const groups = await deps.memoryOf(image).groups.all(reader.image, await reader.image.tags(call), call);
    return groups
      .filter(({ branch }) => within.branch === undefined || branch === within.branch)
      .filter(({ repository }) => within.repository === undefined || repository === within.repository)
      .map((group) => ({ ...group, image }));
  };

  const viewsWithin = async (within: Within, caller: Caller, call: CallOptions) => {
    const reader = readerOf(within.image, caller);
    const groups = await groupsOf(reader, within, call);
    const seen = await inParallel(groups, groupConcurrency, async (group) => {
      const found = await deps.views.view(reader, group);
      return found === undefined ? undefined : { group, view: found.view };
    });
    return seen.filter((one) => one !== undefined);
  };

  return {
    peekIndex(at, architecture, caller) {
      const served = deps.views.peek(readerOf(at.image, caller), groupOf(at, architecture));
      return served && signedIndexOf(served);
    },

    async openIndex(at, architecture, caller) {
      const found = await viewFor(readerOf(at.image, caller), { ...at, architecture });
      return found && signedIndexOf(found.served);
    },

    peekIndexV3(at, architecture, caller) {
      const group = groupOf(at, architecture);
      const served = deps.views.peek(readerOf(at.image, caller), group);
      const view = served && deps.v3Views.peek(group, served.view);
      return view && signedV3Of({ ...served, view });
    },

    async openIndexV3(at, architecture, caller) {
      const found = await viewFor(readerOf(at.image, caller), { ...at, architecture });
      if (found === undefined) return undefined;
      const view = await deps.v3Views.view(found.group, found.served.view);
      return signedV3Of({ ...found.served, view });
    },

    async listIndex(at, architecture, caller) {
      const found = await viewFor(readerOf(at.image, caller), { ...at, architecture });
      return found && { etag: found.served.view.etag, packages: () => allFiles(found.group, found.served.view) };
    },

    async findPackage(at, architecture, fileName, caller) {
      const reader = readerOf(at.image, caller);
      const found = await viewFor(reader, { ...at, architecture });
      const content = found?.served.view.content;
      if (found === undefined || content === undefined) return undefined;
      const file = findFile(content, fileName) ?? (await listedUntilLately(reader, found.group, fileName));
      if (file === undefined) return undefined;
      return foundPackage(reader, deps.packages, factsOnce(file), () => {
        deps.views.suspect(found.group);
      });
    },

    peekPackage(at, architecture, fileName, caller) {
      const content = deps.views.peek(readerOf(at.image, caller), groupOf(at, architecture))?.view.content;
      const file = content && findFile(content, fileName);
      const bytes = file && deps.packages.peek(at.image, file.pkg.digest);
      return file && bytes && { facts: factsOnce(file), bytes };
    },

    async list(within, caller, call = {}) {
      const seen = await viewsWithin(within, caller, call);
      return seen.flatMap(({ group, view }) => ownFiles(group, view).map((file) => listed(group, file)));
    },

    async repositories(image, caller, call = {}) {
      const byRepository = new Map<string, { group: Group; view: IndexView }[]>();
      for (const one of await viewsWithin({ image }, caller, call)) {
        const key = JSON.stringify([one.group.branch, one.group.repository]);
        byRepository.set(key, [...(byRepository.get(key) ?? []), one]);
      }
      return [...byRepository.values()].map(listedRepository);
    },

    async keys(image, caller, call = {}) {
      const reader = readerOf(image, caller);
      // One set of keys for all images says nothing of any of them: asking is only for those whom the store refuses.
      const { arePerImage } = deps.signingKeys;
      const isAsked = arePerImage || caller.credentials.kind !== 'gateway';
      if (isAsked && !(await deps.views.authorize(reader, image, call)) && arePerImage) return [];
      // Anew, so that all replicas name the same ones at once: several may have made the first.
      const refreshed = { ...call, refresh: true };
      const keys = await shareKeys(`${reader.key} ${image}`, () => deps.signingKeys.ofImage(reader.image, refreshed));
      const v3Keys = (await deps.signingKeys.ofV3?.()) ?? [];
      return [...keys, ...v3Keys].map((key) => ({ fileName: key.fileName, pem: publicPemOf(key), key: key.publicKey }));
    },

    images: (caller) => imagesOf(caller, readerOf),
    authorize: (image, caller, call) => deps.views.authorize(readerOf(image, caller), image, call),

    async status(at, caller, call = {}) {
      const began = new Date();
      const seen = await deps.look(readerOf(at.image, caller).image, at, [EVERY], call);
      return statusOf(seen, began);
    },
  };
}

// Not by spreading, which is dear where it is done with each request.
function groupOf({ image, branch, repository }: RepositoryCoordinates, architecture: string): Group {
  return { image, branch, repository, architecture };
}

type Within = Parameters<RepositoryCatalog['list']>[0];

function factsOf({ pkg, tags }: IndexedPackage, nowMs: number): PackageFacts {
  const { digest, entry, fileName } = pkg;
  const pushed = pushedAt(tags);
  const lastModified = lastModifiedOf(pushed.getTime(), digest, nowMs);
  return { entry, fileName, digest, size: entry.fileSize, pushedAt: pushed, lastModified };
}

function foundPackage(reader: Reader, cache: PackageCache, facts: PackageFacts, suspect: () => void): FoundPackage {
  const { digest, size, fileName } = facts;
  const blob = { digest, size };
  return {
    ...facts,
    async open(range, call = {}): Promise<Readable | Uint8Array> {
      if (cache.isSmall(blob.size)) {
        const bytes = await cache.read(reader, blob, call);
        if (bytes !== undefined) return range === undefined ? bytes : bytes.subarray(range.start, range.end + 1);
      } else {
        const opened = await reader.image.openBlob(blob, { ...call, range });
        if (opened !== undefined) return opened.stream;
      }
      suspect();
      throw new GatewayError('PACKAGE_UNKNOWN', `${fileName} is gone`, { details: { file: fileName } });
    },
    locate: (call = {}) => reader.image.locateBlob(blob, call),
  };
}

function statusOf(seen: Look, comparedAt: Date): RepositoryStatus {
  const statusOfOne = (architecture: string): RepositoryStatus['architectures'][number] => {
    const stored = seen.stored.get(architecture);
    // What foreign keys signed isn't believed, so what it lists isn't known; but it covers the set where its bytes do.
    const isCovering = seen.isCovered(architecture);
    const changes = isCovering ? [] : [...seen.target(architecture).changes];
    const rivals = contestedTags(seen.live, architecture);
    return {
      architecture,
      indexDigest: stored?.manifestDigest,
      count: seen.target(architecture).files.length,
      signers: stored?.signatures.map((signature) => signature.keyName) ?? [],
      comparedAt,
      isCovering,
      rivals,
      missing: changes.flatMap(([name, file]) => (file === undefined ? [] : [name])),
      surplus: changes.flatMap(([name, file]) => (file === undefined ? [name] : [])),
    };
  };
  const isThere = (one: string) => seen.stored.has(one) || seen.target(one).files.length > 0;
  return { architectures: seen.architectures.filter(isThere).map(statusOfOne) };
}
