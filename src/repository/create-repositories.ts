import type { Clock, Log, Meter, RandomBytes } from '../ports.ts';
import type { Store } from '../store/store.ts';
import { createArtifactWriter } from './artifacts/artifact-writer.ts';
import { createImageMemories } from './image-memory.ts';
import { createHistory } from './history/history.ts';
import { createKnownKept } from './keeping/known-kept.ts';
import { createIndexV3Views } from './index-v3/index-v3-views.ts';
import { createStoredIndexes } from './index/stored-index.ts';
import type { SigningKeys } from './keys/signing-keys.ts';
import { createLooks, offeringLooks } from './live/looks.ts';
import { rememberHeld } from './live/held-tags.ts';
import { completeRepositoriesOptions, type RepositoriesOptions } from './options.ts';
import { createBurial } from './publishing/burial.ts';
import { createImmutableIndexes } from './publishing/immutable-indexes.ts';
import { createIndexWriter, type SignIndex } from './publishing/index-writer.ts';
import { createPromoting } from './promoting/promoting.ts';
import { createPublishLoops } from './publishing/publish-loops.ts';
import { createPushing } from './pushing/pushing.ts';
import { createWorks } from './pushing/works.ts';
import { createCallerKeys } from './views/caller-key.ts';
import { createIndexViews } from './views/index-views.ts';
import { createPackageCache } from './reading/package-cache.ts';
import { createReading } from './reading/reading.ts';
import { createRetention } from './retention/retention.ts';
import { tellingOfSnapshots } from './snapshots/snapshots.ts';
import { createSnapshotRoom, viewsOfBoth } from './snapshots/snapshot-room.ts';
import { createReaderRights } from './views/reader-rights.ts';
import type { Repositories } from './service/repositories.ts';
import type { RepositoryUpkeep } from './service/upkeep.ts';
import { createOperations } from './upkeep/operations.ts';

export interface RepositoriesDeps {
  readonly store: Store;
  readonly signingKeys: SigningKeys;
  readonly sign: SignIndex;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly meter?: Meter | undefined;
}

/** The service over one store. Any number of them, in any number of processes, may serve the same images. */
export function createRepositories(
  deps: RepositoriesDeps,
  given: RepositoriesOptions = {},
): Repositories & RepositoryUpkeep {
  const options = completeRepositoriesOptions(given);
  const { store, signingKeys, clock, log, meter } = deps;
  const stamp = () => store.stamp();
  const artifacts = createArtifactWriter(deps);
  const immutable = createImmutableIndexes(clock);
  const callerKey = createCallerKeys(deps.random);
  const memoryOf = createImageMemories({ clock, stamp, log }, options);
  const storedIndexes = createStoredIndexes({
    log,
    clock,
    maxBytes: options.maxIndexBytes,
    concurrency: options.concurrency,
    onReplaced: ({ image }, before, after) => {
      rememberHeld(memoryOf(image).sightings, before, after);
    },
  });
  const look = createLooks({ ...deps, storedIndexes, memoryOf }, options);
  const spent = store.spent && ((image: string) => store.spent?.(image) ?? 0);
  const rights = createReaderRights(clock, options);
  const branchViews = createIndexViews(
    {
      ...deps,
      maker: deps,
      spent,
      look: (image, group) => look(image, group, [group.architecture]),
      readSoFar: (image) => memoryOf(image).sightings.foundCount(),
      readStored: async (image, group) => {
        const keys = await signingKeys.ofImage(image);
        const index = await storedIndexes.read(image, group, keys);
        return { keys, stored: new Map(index === undefined ? [] : [[group.architecture, index]]) };
      },
    },
    options,
    rights,
  );
  const { maxInlineBytes } = options;
  const snapshots = createSnapshotRoom(
    { ...deps, maker: deps, spent, rights, stamp, artifacts, callerKey, maxInlineBytes },
    options,
  );
  const views = viewsOfBoth(branchViews, snapshots.views);
  // Whoever changes something sees what this gateway acknowledges: its readers have that at once.
  const shownLook = offeringLooks(look, { clock, readers: views });
  const put = createIndexWriter({
    ...{ ...deps, artifacts, storedIndexes, immutable, stamp, maxInlineBytes },
    onPut: (group, { manifestDigest }) => {
      memoryOf(group.image).upkeep.hasPut(group, manifestDigest);
    },
  });
  const burialOf = (image: string) => createBurial({ artifacts, stamp, log, ...memoryOf(image) });
  const loopOf = createPublishLoops({
    ...{ ...deps, look: shownLook, put, burialOf, memoryOf },
    tidy: async (image, at, seen, call) => {
      await memoryOf(at.image).upkeep.tidy(image, at, seen, call);
      await snapshots.tidy(image, seen.listing, call);
    },
  });
  const packages = createPackageCache({ ...options, onLookUp: meter?.lookedUpPackage });
  const v3Views = createIndexV3Views(deps, options);
  const knownKept = createKnownKept();
  const reading = createReading({
    ...{ ...deps, views, v3Views, packages, callerKey, memoryOf, snapshots, knownKept },
    rightsMs: options.rightsMs,
  });
  const works = createWorks(
    {
      ...{ ...deps, artifacts, look: shownLook, loopOf, burialOf, memoryOf, storedIndexes },
      ...{ immutable, callerKey, rights: reading },
    },
    options,
  );
  const kept = snapshots.service({ look: shownLook, rights: reading, works });
  const pushing = createPushing({ ...deps, works, immutable }, options);
  const operations = createOperations({ ...deps, look, put, loopOf, memoryOf }, options);
  return {
    ...reading,
    ...kept,
    ...pushing,
    deleteFiles: tellingOfSnapshots(pushing.deleteFiles, kept),
    withdrawFiles: tellingOfSnapshots(pushing.withdrawFiles, kept),
    ...createPromoting({ store, works, packagesOfSnapshot: snapshots.packagesOf }),
    ...createRetention({ works }),
    ...createHistory({ works, knownKept }, options),
    ...operations,
    status: async (at, caller, call) =>
      (await snapshots.status(at, caller)) ?? (await operations.status(at, caller, call)),
  };
}
