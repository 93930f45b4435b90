import { GatewayError, isGatewayError } from '../../errors.ts';
import { snapshotIn, type RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { Store } from '../../store/store.ts';
import { unknownRepository } from '../publishing/refusals.ts';
import { nothingSelected } from '../pushing/change-answer.ts';
import { deleteChosen } from '../pushing/delete-files.ts';
import type { Works } from '../pushing/works.ts';
import type { Caller } from '../service/caller.ts';
import type { ChangedPackage } from '../service/lifecycle.ts';
import type { PromotionOptions, RepositoryPromoting } from '../service/promoting.ts';
import { offerOf, offerOfSnapshot, type Offer, type PackagesOfSnapshot } from './source-packages.ts';
import { takePackages } from './take-packages.ts';

export interface PromotingDeps {
  readonly store: Store;
  readonly works: Works;
  readonly packagesOfSnapshot: PackagesOfSnapshot;
}

/** The part of the service that brings packages from one repository to another. */
export function createPromoting({ store, works, packagesOfSnapshot }: PromotingDeps): RepositoryPromoting {
  /** Only after the target lists them: a crash may leave a package in both, never in none. */
  const leave = async (
    from: RepositoryCoordinates,
    packages: readonly ChangedPackage[],
    caller: Caller,
    { reason }: PromotionOptions,
  ) => {
    const place = `${from.branch}/${from.repository}`;
    const left = works.change(from, caller, unknownRepository(from), (source) =>
      deleteChosen(source, packages, { reason }),
    );
    const spared = await left.catch((error: unknown) => {
      if (!isGatewayError(error)) throw error;
      const promoted = (text: string) => `promoted, and still in ${place} too: ${text}`;
      const { code, message, details, told } = error;
      throw new GatewayError(code, promoted(message), { details, cause: error, ...(told && { told: promoted(told) }) });
    });
    return spared.replaced.map(({ fileName }) => `${place} has other bytes of ${fileName} by now, which stay there`);
  };

  const offerIn = (from: RepositoryCoordinates, caller: Caller, wanted: readonly string[]): Promise<Offer> => {
    const snapshot = snapshotIn(from.branch);
    if (snapshot === undefined)
      return works.change(from, caller, unknownRepository(from), (source) => offerOf(source, wanted));
    const home = homeOf(from);
    return works.read(home, caller, unknownRepository(home), async (source) =>
      offerOfSnapshot(await packagesOfSnapshot(source, snapshot.name), wanted),
    );
  };

  return {
    async promote({ from, to, packages: wanted }, caller, options = {}) {
      if (isSamePlace(from, to)) throw new GatewayError('REQUEST_INVALID', 'source and target are one repository');
      if (options.isMove === true && snapshotIn(from.branch) !== undefined)
        throw new GatewayError(
          'REQUEST_INVALID',
          `${from.branch} is a snapshot, which keeps what it has: nothing moves`,
        );
      // Both rights are asked first: who lacks one makes nobody read a repository.
      await works.read(homeOf(from), caller, unknownRepository(from), () => Promise.resolve());
      const { change, meant } = await works.add(to, caller, async (target) => {
        // That has a limit of its own.
        target.time.pause();
        const offer = await offerIn(from, caller, wanted);
        target.time.renew();
        // A misspelt name must not bring half of what is meant; of a move the target may have it by now.
        if (offer.missing.length > 0 && options.isMove !== true) throw nothingSelected(offer.missing, from);
        const image = store.image(from.image, caller.credentials, caller.requestId);
        return await takePackages(target, { at: from, image, offer }, options);
      });
      if (options.isMove === true && !change.isDryRun) {
        const notes = await leave(from, meant, caller, options);
        return { ...change, notes: [...change.notes, ...notes] };
      }
      return change;
    },
  };
}

/** Of a snapshot the branch that it is of. */
function homeOf(from: RepositoryCoordinates): RepositoryCoordinates {
  return { ...from, branch: snapshotIn(from.branch)?.branch ?? from.branch };
}

function isSamePlace(a: RepositoryCoordinates, b: RepositoryCoordinates): boolean {
  return a.image === b.image && a.branch === b.branch && a.repository === b.repository;
}
