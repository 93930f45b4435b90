import { GatewayError } from '../errors.ts';
import type { Clock, Log, Meter, RandomBytes } from '../ports.ts';
import type { CallOptions, ImageStore, Store } from '../store/store.ts';
import { createArtifactWriter } from './artifacts/artifact-writer.ts';
import { createBurial } from './publishing/burial.ts';
import { createCallerKeys } from './reading/caller-key.ts';
import { createBoundedCache } from '../concurrency/bounded-cache.ts';
import type { Group, RepositoryCoordinates } from '../protocol/coordinates.ts';
import { createImageMemories } from './image-memory.ts';
import { createIndexViews } from './reading/index-views.ts';
import { putIndex, wantsSignatures, type SignIndex } from './publishing/index-writer.ts';
import { createPackageCache } from './reading/package-cache.ts';
import { createReader } from './reading/reader-rights.ts';
import { createReading } from './reading/reading.ts';
import { createReadingProgress } from './live/reading-progress.ts';
import { EVERY, look, type Look, type Scope } from './live/look.ts';
import { createMending, type Participant } from './publishing/participant.ts';
import { clearLosers } from './publishing/losers.ts';
import { rememberHeld } from './live/sightings.ts';
import { publishFiles } from './publishing/publish.ts';
import { createPublishLoop, type PublishLoop } from './publishing/publish-loop.ts';
import type { Caller } from './service/caller.ts';
import type { Repositories } from './service/repositories.ts';
import { completeRepositoriesOptions, type RepositoriesOptions } from './options.ts';
import { createFreshCalls } from '../concurrency/shared-calls.ts';
import type { SigningKeys } from './keys/signing-keys.ts';
import { createStoredIndexes } from './index/stored-index.ts';
import { resignIndexes } from './upkeep/resign.ts';
import { indexFindings, verifyLook } from './upkeep/verification.ts';
import type { RepositoryUpkeep } from './service/upkeep.ts';
import { unknownFile, withdrawFile } from './publishing/withdraw.ts';

export interface RepositoriesDeps {
  readonly store: Store;
  readonly signingKeys: SigningKeys;
  readonly sign: SignIndex;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly meter?: Meter | undefined;
}

/** For how long an image is remembered whose registry forbids to replace the index tag. */
const immutableMs = 600_000;

/** The service over one store. Any number of them, in any number of processes, may serve the same images. */
export function createRepositories(
  deps: RepositoriesDeps,
  given: RepositoriesOptions = {},
): Repositories & RepositoryUpkeep {
  const options = completeRepositoriesOptions(given);
  const { store, signingKeys, clock, random, log } = deps;
  const stamp = () => store.stamp();
  const artifacts = createArtifactWriter({ clock });
  const memoryOf = createImageMemories({ clock, stamp, log }, options);
  const storedIndexes = createStoredIndexes({
    log,
    maxBytes: options.maxIndexBytes,
    concurrency: options.concurrency,
    onReplaced: (group, before, after) => {
      rememberHeld(memoryOf(group.image).sightings, before, after);
    },
  });
  const callerKey = createCallerKeys(random);
  const packages = createPackageCache({ ...options, onLookUp: deps.meter?.lookedUpPackage });
  const loops = createBoundedCache<PublishLoop>(10_000);
  const shareLook = createFreshCalls<Look>();

  const lookNow = (image: ImageStore, at: RepositoryCoordinates, scope: Scope, call: CallOptions = {}) => {
    const { sightings, groups } = memoryOf(at.image);
    const { image: name, branch, repository } = at;
    const beginProgress = createReadingProgress(deps, { image: name, branch, repository });
    const questions = { max: options.maxQuestions, concurrency: options.concurrency, beginProgress };
    return look({ signingKeys, storedIndexes, groups, sightings }, image, at, scope, questions, call);
  };

  const views = createIndexViews(
    {
      clock,
      log,
      meter: deps.meter,
      maker: { sign: deps.sign, clock },
      spent: store.spent && ((image) => store.spent?.(image) ?? 0),
      look: (image, group) => lookNow(image, group, [group.architecture]),
      readStored: async (image, group) => {
        const keys = await signingKeys.ofImage(image);
        const index = await storedIndexes.read(image, group, keys);
        return { keys, stored: new Map(index === undefined ? [] : [[group.architecture, index]]) };
      },
    },
    options,
  );

  /** What everybody who changes a repository uses of it. */
  const workOn = (at: RepositoryCoordinates) => {
    const { sightings } = memoryOf(at.image);
    const burial = createBurial({ artifacts, sightings, stamp, log });
    return {
      at,
      artifacts,
      burial,
      sightings,
      signingKeys,
      loop: loopOf(at),
      clock,
      random,
      log,
      stamp,
      listingPatienceMs: options.listingPatienceMs,
    };
  };

  const loopOf = (at: RepositoryCoordinates): PublishLoop => {
    const key = JSON.stringify([at.image, at.branch, at.repository]);
    const known = loops.get(key);
    if (known !== undefined) return known;
    const loop = createPublishLoop(
      {
        clock,
        random,
        log,
        meter: deps.meter,
        look: async ({ image }: Participant, scope, call) => {
          const beganMs = clock.monotonicMs();
          const seen = await lookNow(image, at, scope, call);
          for (const architecture of seen.architectures) views.offer({ ...at, architecture }, seen, beganMs);
          return seen;
        },
        put: ({ image }: Participant, seen, architecture, call) =>
          put(image, { ...at, architecture }, seen, call).catch(noteImmutable(at.image)),
        clear: (participant, seen, call) => clearLosers(workOn(at), participant, seen, call),
        tidy: ({ image }, seen, call) => memoryOf(at.image).upkeep.tidy(image, at, seen, call),
        wantsSignatures,
      },
      at,
      { timeoutMs: options.publishTimeoutMs },
    );
    loops.set(key, loop);
    return loop;
  };

  const put = async (image: ImageStore, group: Group, seen: Look, call: CallOptions) => {
    const before = seen.stored.get(group.architecture);
    const signers = before?.signatures.map((signature) => signature.keyName);
    const keys = await signingKeys.ofImageForWriting(image, { ...call, signers });
    const index = { content: seen.content(group.architecture), before, keys };
    const stored = await putIndex({ artifacts, sign: deps.sign, stamp, random }, image, group, index, call);
    storedIndexes.remember(group, keys, stored);
    memoryOf(group.image).upkeep.hasPut(group, stored.manifestDigest);
  };

  const sharedLook = (caller: Caller, image: ImageStore, at: RepositoryCoordinates, scope: Scope) =>
    shareLook(JSON.stringify([callerKey(caller.credentials), at, scope]), () => lookNow(image, at, scope));

  const refuseImmutable = (image: string) => {
    if (clock.monotonicMs() - memoryOf(image).immutableAtMs < immutableMs) throw immutableIndex(image);
  };

  /** Only what is said of an index tag counts: a registry may well forbid to replace the packages'. */
  const noteImmutable = (image: string) => (error: unknown) => {
    if (!(error instanceof GatewayError && error.code === 'TAG_IMMUTABLE')) throw error;
    memoryOf(image).immutableAtMs = clock.monotonicMs();
    throw immutableIndex(image, error);
  };

  return {
    async begin(at, caller, call = {}) {
      const image = store.image(at.image, caller.credentials, caller.requestId);
      const upload = await image.startUpload(call);
      try {
        // Told only to those who may push: it is a word about an image that others may not know of.
        refuseImmutable(at.image);
      } catch (error) {
        await upload.cancel();
        throw error;
      }
      return {
        async commit(files, publishOptions = {}) {
          const context = {
            ...workOn(at),
            image,
            pushedBy: caller.name,
            look: (scope: Scope) => sharedLook(caller, image, at, scope),
          };
          try {
            return await publishFiles(context, upload, files, publishOptions);
          } finally {
            await upload.cancel();
          }
        },
        cancel: () => upload.cancel(),
      };
    },

    async withdraw(at, file, caller) {
      const image = store.image(at.image, caller.credentials, caller.requestId);
      const lookFirst = async (scope: Scope) => {
        const seen = await sharedLook(caller, image, at, scope);
        refuseImmutable(at.image);
        return seen;
      };
      const context = { ...workOn(at), image, look: lookFirst };
      // What a look asks of the store follows from what others have read: who may not read must not see that.
      const reader = createReader(callerKey(caller.credentials), () => image);
      if (!(await views.authorize(reader, at.image))) throw unknownFile(file, []);
      return await withdrawFile(context, file);
    },

    async verify(at, caller, onFinding, call = {}) {
      const image = store.image(at.image, caller.credentials, caller.requestId);
      return await verifyLook(image, at, await lookNow(image, at, [EVERY], call), onFinding, call);
    },
    async mend(at, caller) {
      const image = store.image(at.image, caller.credentials, caller.requestId);
      const findings = indexFindings(await lookNow(image, at, [EVERY]));
      await loopOf(at).join(createMending(image, [EVERY]));
      return findings;
    },
    async resign(name, caller, call = {}) {
      const image = store.image(name, caller.credentials, caller.requestId);
      const groups = await memoryOf(name).groups.all(image, await image.tags(call), call);
      return await resignIndexes({ signingKeys, look: lookNow, put }, image, groups, call);
    },

    ...createReading({ store, clock, signingKeys, views, packages, callerKey, memoryOf, look: lookNow, log }),
  };
}

function immutableIndex(image: string, cause?: unknown): GatewayError {
  return new GatewayError(
    'TAG_IMMUTABLE',
    `the registry forbids to replace tags of ${image}, and an index must be replaced: exclude "index-*" from the rule`,
    { cause },
  );
}
