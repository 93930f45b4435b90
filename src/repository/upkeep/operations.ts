import type { Clock } from '../../ports.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { Store } from '../../store/store.ts';
import type { SigningKeys } from '../keys/signing-keys.ts';
import type { Groups } from '../live/groups.ts';
import { EVERY } from '../live/look.ts';
import type { TakeLook } from '../live/looks.ts';
import { answeredInTime } from '../publishing/answer-time.ts';
import type { PutIndex } from '../publishing/index-writer.ts';
import { createMending } from '../publishing/participant.ts';
import type { PublishLoop } from '../publishing/publish-loop.ts';
import type { Caller } from '../service/caller.ts';
import type { RepositoryUpkeep } from '../service/upkeep.ts';
import { statusOf } from './index-status.ts';
import { resignIndexes } from './resign.ts';
import { indexFindings, verifyLook } from './verification.ts';

export interface OperationsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly signingKeys: SigningKeys;
  readonly look: TakeLook;
  readonly put: PutIndex;
  readonly loopOf: (at: RepositoryCoordinates) => PublishLoop;
  readonly memoryOf: (image: string) => { readonly groups: Groups };
}

/** What an operator asks of a repository besides reading and writing it. */
export function createOperations(
  deps: OperationsDeps,
  { publishTimeoutMs }: { readonly publishTimeoutMs: number },
): RepositoryUpkeep {
  const imageOf = (image: string, caller: Caller) => deps.store.image(image, caller.credentials, caller.requestId);
  return {
    async status(at, caller, call = {}) {
      const began = new Date();
      return statusOf(await deps.look(imageOf(at.image, caller), at, [EVERY], call), began);
    },
    async verify(at, caller, onFinding, call = {}) {
      const image = imageOf(at.image, caller);
      return await verifyLook(image, await deps.look(image, at, [EVERY], call), onFinding, call);
    },
    async mend(at, caller) {
      const image = imageOf(at.image, caller);
      const findings = indexFindings(await deps.look(image, at, [EVERY]));
      await answeredInTime(deps.clock, publishTimeoutMs, at, (time) =>
        deps.loopOf(at).join(createMending(image, [EVERY]), time),
      );
      return findings;
    },
    async resign(name, caller, call = {}) {
      const image = imageOf(name, caller);
      const groups = await deps.memoryOf(name).groups.all(image, await image.tags(call), call);
      return await resignIndexes(deps, image, groups, call);
    },
  };
}
