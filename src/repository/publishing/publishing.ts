import { createFreshCalls } from '../../concurrency/shared-calls.ts';
import type { Clock, Log, RandomBytes } from '../../ports.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { Credentials, ImageStore, Store } from '../../store/store.ts';
import type { ArtifactWriter } from '../artifacts/artifact-writer.ts';
import type { SigningKeys } from '../keys/signing-keys.ts';
import type { Look, Scope } from '../live/look.ts';
import type { TakeLook } from '../live/looks.ts';
import type { Sightings } from '../live/sightings.ts';
import type { Caller } from '../service/caller.ts';
import type { RepositoryPublishing } from '../service/publishing.ts';
import type { Burial } from './burial.ts';
import type { ImmutableIndexes } from './immutable-indexes.ts';
import type { PublishLoop } from './publish-loop.ts';
import { publishFiles } from './publish.ts';
import { unknownFile, withdrawFile } from './withdraw.ts';

export interface PublishingDeps {
  readonly store: Store;
  readonly signingKeys: SigningKeys;
  readonly artifacts: ArtifactWriter;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly look: TakeLook;
  readonly loopOf: (at: RepositoryCoordinates) => PublishLoop;
  readonly burialOf: (image: string) => Burial;
  readonly memoryOf: (image: string) => { readonly sightings: Sightings };
  readonly immutable: ImmutableIndexes;
  readonly callerKey: (credentials: Credentials) => string;
  /** Whether the store shows a caller anything of an image. */
  readonly rights: { authorize(image: string, caller: Caller): Promise<boolean> };
}

export interface PublishingOptions {
  /** For how long a push waits until a listing shows its tags, in milliseconds. */
  readonly listingPatienceMs: number;
}

/** The half of the service that changes something. */
export function createPublishing(deps: PublishingDeps, { listingPatienceMs }: PublishingOptions): RepositoryPublishing {
  const { store, immutable } = deps;
  const shareLook = createFreshCalls<Look>();

  /** What every change of a repository uses, with one caller's rights. */
  const workOn = (at: RepositoryCoordinates, caller: Caller, image: ImageStore) => ({
    ...{ ...deps, at, image, listingPatienceMs, ...deps.memoryOf(at.image) },
    loop: deps.loopOf(at),
    burial: deps.burialOf(at.image),
    stamp: () => store.stamp(),
    look: (scope: Scope) =>
      shareLook(JSON.stringify([deps.callerKey(caller.credentials), at, scope]), () => deps.look(image, at, scope)),
  });

  return {
    async begin(at, caller, call = {}) {
      const image = store.image(at.image, caller.credentials, caller.requestId);
      const upload = await image.startUpload(call);
      try {
        // Told only to those who may push: it is a word about an image that others may not know of.
        immutable.refuse(at.image);
      } catch (error) {
        await upload.cancel();
        throw error;
      }
      return {
        async commit(files, options = {}) {
          try {
            return await publishFiles({ ...workOn(at, caller, image), pushedBy: caller.name }, upload, files, options);
          } finally {
            await upload.cancel();
          }
        },
        cancel: () => upload.cancel(),
      };
    },

    async withdraw(at, file, caller) {
      // What a look asks of the store follows from what others have read: who may not read must not see that.
      if (!(await deps.rights.authorize(at.image, caller))) throw unknownFile(file, []);
      const work = workOn(at, caller, store.image(at.image, caller.credentials, caller.requestId));
      const look = async (scope: Scope) => {
        const seen = await work.look(scope);
        immutable.refuse(at.image);
        return seen;
      };
      return await withdrawFile({ ...work, look }, file);
    },
  };
}
