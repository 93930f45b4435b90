import { randomBytes } from 'node:crypto';
import type { Config } from './config.ts';
import { GatewayError } from './errors.ts';
import { openStore, repositoryOptionsOf, systemClock } from './gateway.ts';
import { openSigningKeys } from './open-signing-keys.ts';
import type { Log } from './ports.ts';
import type { RepositoryCoordinates } from './repository/coordinates.ts';
import { createRepositories } from './repository/create-repositories.ts';
import type { Caller } from './repository/repository.ts';
import { createSignIndex } from './repository/sign-index.ts';
import type { Finding, Verified } from './repository/verification.ts';
import { collectGarbage } from './store/directory-garbage.ts';
import type { Garbage } from './store/directory-garbage.ts';

/** What an operator's commands do, beside gateways that run. */
export interface Maintenance {
  /** Removes what nothing needs from the embedded store; CONFIG_INVALID where a registry keeps the packages. */
  collectGarbage(
    options: { readonly olderThanMs: number; readonly isDryRun: boolean },
    onRemoved: (garbage: Garbage) => void,
  ): Promise<void>;
  /** Compares everything of a repository with the gateway's own credentials; with `isRepair` puts covering indexes first. */
  verify(
    at: RepositoryCoordinates,
    options: { readonly isRepair: boolean },
    onFinding: (finding: Finding) => void,
  ): Promise<Verified>;
}

const self: Caller = { credentials: { kind: 'gateway' } };

/** Maintenance of what a configuration names. Opens nothing until it is asked for something. */
export function createMaintenance(config: Config, { log }: { readonly log: Log }): Maintenance {
  const clock = systemClock();
  return {
    async collectGarbage(options, onRemoved) {
      if (config.store.kind !== 'directory') {
        const message = 'gc is for the embedded store; a registry has a collection of its own';
        throw new GatewayError('CONFIG_INVALID', message);
      }
      const { directory } = config.store;
      await collectGarbage({ now: () => clock.now() }, { ...options, directory }, onRemoved);
    },

    async verify(at, { isRepair }, onFinding) {
      const store = await openStore(config, clock);
      try {
        const signingKeys = await openSigningKeys(config, { clock, log });
        const sign = createSignIndex({ alsoSha1: config.signing.hasSha1Signatures });
        const deps = { store, signingKeys, sign, clock, random: randomBytes, log };
        const repositories = createRepositories(deps, repositoryOptionsOf(config));
        if (isRepair) await repositories.mend(at, self);
        return await repositories.verify(at, self, onFinding);
      } finally {
        await store.close();
      }
    },
  };
}
