import { unknownRepository } from '../publishing/refusals.ts';
import type { Works } from '../pushing/works.ts';
import type { RepositoryRetention } from '../service/retention.ts';
import { prune } from './prune.ts';

/** The part of the service that lets old packages go. */
export function createRetention({ works }: { readonly works: Works }): RepositoryRetention {
  return {
    prune: (at, policy, caller, options) =>
      works.change(at, caller, unknownRepository(at), (work) => prune(work, policy, options)),
  };
}
