import type { Clock, Log, RandomBytes } from '../../ports.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { ImageStore } from '../../store/store.ts';
import type { Stamp } from '../../time/stamps.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import type { ArtifactWriter } from '../artifacts/artifact-writer.ts';
import type { SigningKeys } from '../keys/signing-keys.ts';
import type { Look, Scope } from '../live/look.ts';
import type { Sightings } from '../live/sightings.ts';
import type { Caller } from '../service/caller.ts';
import type { AnswerTime } from '../publishing/answer-time.ts';
import type { Burial } from '../publishing/burial.ts';
import type { PublishLoop } from '../publishing/publish-loop.ts';

/** What one push or one deletion works with: a repository, with the rights of one caller, who waits for the answer. */
export interface Work {
  readonly at: RepositoryCoordinates;
  readonly caller: Caller;
  readonly image: ImageStore;
  readonly time: AnswerTime;
  readonly artifacts: ArtifactWriter;
  readonly burial: Burial;
  readonly signingKeys: SigningKeys;
  readonly sightings: Sightings;
  readonly loop: PublishLoop;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly stamp: () => Stamp;
  /** For how long a push waits until a listing shows its tags, in milliseconds. */
  readonly listingPatienceMs: number;
  /** How long the bytes of what is deleted or withdrawn can be fetched, in milliseconds. */
  readonly deleteGraceMs: number;
  /** Whether this replica knows an index that is to list a package, and it lists no file of that name. Asks nothing. */
  readonly isUnlisted: (pkg: PackageRecord) => Promise<boolean>;
  /** A look that began after it was asked for; its indexes may be known for so long, in ms (default: asked for by it). */
  readonly look: (scope: Scope, knownMs?: number) => Promise<Look>;
}
