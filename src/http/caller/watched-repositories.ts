import { isGatewayError } from '../../errors.ts';
import type { ChangeVerb } from '../../protocol/lifecycle.ts';
import type { Caller } from '../../repository/service/caller.ts';
import type { ChangePackages } from '../../repository/service/lifecycle.ts';
import type { Repositories } from '../../repository/service/repositories.ts';
import type { CallOptions } from '../../store/store.ts';
import { loginProbe } from './login-check.ts';
import type { Refusals } from './refusals.ts';

/** The same service, with its refusals counted. All throw RATE_LIMITED where the caller has to wait. */
export function watchRepositories(service: Repositories, refusals: Refusals): Repositories {
  const reading = <T>(image: string, caller: Caller, work: () => Promise<T>) =>
    refusals.watch(caller, { action: 'read', image }, work);

  const changing =
    (action: ChangeVerb, work: ChangePackages): ChangePackages =>
    (at, selection, caller, options) =>
      refusals.watch(caller, { action, image: at.image }, () => work(at, selection, caller, options));

  /** A list of what one may read says nothing of a wrong password: so that is asked first. */
  const imagesOf = async (caller: Caller, options?: CallOptions) => {
    const judge = () => service.authorize(loginProbe, caller, options);
    if (refusals.isKnown(caller))
      await refusals.watch(caller, { action: 'login', image: loginProbe }, judge).catch(unlessForbidden);
    return service.images(caller, options);
  };

  return {
    begin: (at, caller, options) =>
      refusals.watch(caller, { action: 'push', image: at.image }, () => service.begin(at, caller, options)),
    withdraw: (at, file, caller, options) =>
      refusals.watch(caller, { action: 'delete', image: at.image }, () => service.withdraw(at, file, caller, options)),
    deleteFiles: changing('delete', (...asked) => service.deleteFiles(...asked)),
    withdrawFiles: changing('withdraw', (...asked) => service.withdrawFiles(...asked)),
    restoreFiles: changing('restore', (...asked) => service.restoreFiles(...asked)),
    listWithdrawn: (at, caller, options) => reading(at.image, caller, () => service.listWithdrawn(at, caller, options)),
    history: (at, caller, options) => reading(at.image, caller, () => service.history(at, caller, options)),
    promote: (promotion, caller, options) =>
      refusals.watch(caller, { action: 'promote', image: promotion.to.image }, () =>
        service.promote(promotion, caller, options),
      ),
    prune: (at, policy, caller, options) =>
      refusals.watch(caller, { action: 'prune', image: at.image }, () => service.prune(at, policy, caller, options)),
    openIndex: (at, architecture, caller, options) =>
      reading(at.image, caller, () => service.openIndex(at, architecture, caller, options)),
    openIndexV3: (at, architecture, caller) =>
      reading(at.image, caller, () => service.openIndexV3(at, architecture, caller)),
    // They have nothing for somebody who wasn't let in lately.
    peekIndex: (at, architecture, caller) => service.peekIndex(at, architecture, caller),
    peekIndexV3: (at, architecture, caller) => service.peekIndexV3(at, architecture, caller),
    peekPackage: (at, architecture, file, caller) => service.peekPackage(at, architecture, file, caller),
    listIndex: (at, architecture, caller, options) =>
      reading(at.image, caller, () => service.listIndex(at, architecture, caller, options)),
    findPackage: (at, architecture, file, caller, options) =>
      reading(at.image, caller, () => service.findPackage(at, architecture, file, caller, options)),
    findKept: (at, file, caller, options) =>
      reading(at.image, caller, () => service.findKept(at, file, caller, options)),
    images: imagesOf,
    list: (within, caller, options) => reading(within.image, caller, () => service.list(within, caller, options)),
    repositories: (image, caller, options) =>
      reading(image, caller, () => service.repositories(image, caller, options)),
    keys: (image, caller, options) => reading(image, caller, () => service.keys(image, caller, options)),
    authorize: (image, caller, options) =>
      refusals.watch(caller, { action: 'login', image }, () => service.authorize(image, caller, options)),
    createSnapshot: (at, name, caller, options) =>
      refusals.watch(caller, { action: 'create-snapshot', image: at.image }, () =>
        service.createSnapshot(at, name, caller, options),
      ),
    removeSnapshot: (at, name, caller, options) =>
      refusals.watch(caller, { action: 'remove-snapshot', image: at.image }, () =>
        service.removeSnapshot(at, name, caller, options),
      ),
    rollback: (at, name, caller, options) =>
      refusals.watch(caller, { action: 'rollback', image: at.image }, () =>
        service.rollback(at, name, caller, options),
      ),
    listSnapshots: (at, caller, options) => reading(at.image, caller, () => service.listSnapshots(at, caller, options)),
    status: (at, caller, options) => reading(at.image, caller, () => service.status(at, caller, options)),
  };
}

/** A caller who is known but has no right to the probe has logged in all the same. */
function unlessForbidden(error: unknown): void {
  if (!isGatewayError(error, 'FORBIDDEN')) throw error;
}
