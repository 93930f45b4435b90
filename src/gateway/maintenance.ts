import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { GatewayError } from '../errors.ts';
import { openStore, repositoryOptionsOf, systemClock } from './gateway.ts';
import { openSigningKeys } from './open-signing-keys.ts';
import type { Log } from '../ports.ts';
import { copyImage, type Copied, type CopyOptions } from '../repository/upkeep/copy-image.ts';
import type { RepositoryCoordinates } from '../protocol/coordinates.ts';
import { createRepositories } from '../repository/create-repositories.ts';
import type { Caller } from '../repository/service/caller.ts';
import { createSignIndex } from '../repository/publishing/sign-index.ts';
import { dropKey } from '../repository/upkeep/resign.ts';
import type { Resigned, Finding, Verified } from '../repository/service/upkeep.ts';
import { openImageLayout, type ImageLayout } from '../store/directory/image-layout.ts';
import type { Store } from '../store/store.ts';
import { collectGarbage, type Garbage } from '../store/directory/directory-garbage.ts';

/** What an operator's commands do, beside gateways that run. */
export interface Maintenance {
  /** Removes what nothing needs from the embedded store; CONFIG_INVALID where a registry keeps the packages. */
  collectGarbage(
    options: { readonly olderThanMs: number; readonly isDryRun: boolean },
    onRemoved: (garbage: Garbage) => void,
  ): Promise<void>;
  /** Compares all of a repository with the own credentials; with `isRepair` puts covering indexes first and tells what that mended. */
  verify(
    at: RepositoryCoordinates,
    options: { readonly isRepair: boolean },
    hear: { readonly onFinding: (finding: Finding) => void; readonly onMended: (finding: Finding) => void },
  ): Promise<Verified>;
  /** Writes an image into a folder as an OCI image layout, or goes on where one was begun. */
  exportImage(image: string, folder: string, options: CopyOptions): Promise<Copied>;
  /** Puts what such a folder holds into an image, with the gateway's own credentials. */
  importImage(folder: string, image: string, options: CopyOptions): Promise<CopiedAndSigned>;
  /** Copies an image to one of a registry, with what container tools know of that registry's credentials. */
  copyImage(image: string, target: CopyTarget, options: CopyOptions): Promise<CopiedAndSigned>;
  /** Has every index of an image signed by its keys and no other; first removes the key called `drop` from the image. */
  resign(image: string, options: { readonly drop?: string | undefined }): Promise<Resigned>;
}

/** A copy, and what was signed again in it where its keys can be opened. */
export interface CopiedAndSigned extends Copied {
  readonly resigned?: Resigned;
}

/** An image of a registry, and the configuration of a gateway that would have it as its back end. */
export interface CopyTarget {
  readonly config: Config;
  readonly image: string;
}

const self: Caller = { credentials: { kind: 'gateway' } };

/** Maintenance of what a configuration names. Opens nothing until it is asked for something. */
export function createMaintenance(config: Config, { log }: { readonly log: Log }): Maintenance {
  const clock = systemClock();
  const inStore = async <T>(of: Config, work: (store: Store) => Promise<T>): Promise<T> => {
    // Nobody waits for an answer: rather late than not at all.
    const store = await openStore(of, clock, { requestWaitMs: Infinity, log });
    return work(store).finally(() => store.close());
  };
  const inLayout = async <T>(folder: string, image: string, work: (layout: ImageLayout) => Promise<T>): Promise<T> => {
    const layout = await openImageLayout(folder, image);
    // Also what was copied before a fault stands, so that the next try goes on from there.
    return work(layout).finally(() => layout.close());
  };

  const repositoriesOver = async (store: Store) => {
    const signingKeys = await openSigningKeys(config, { clock, log });
    const sign = createSignIndex({ alsoSha1: config.signing.hasSha1Signatures });
    const deps = { store, signingKeys, sign, clock, random: randomBytes, log };
    return createRepositories(deps, repositoryOptionsOf(config));
  };
  /** A key in an image is for that image alone: under another name it gets one of its own, and signatures by it. */
  const resignCopied = async (copied: Copied, store: Store, of: Config, image: string, options: CopyOptions) => {
    const { keyFiles, aesKey, passphrase } = config.signing;
    const isSealed = keyFiles.length === 0 && (aesKey !== undefined || passphrase !== undefined);
    if (!isSealed || options.hasKeys === false || of.store.kind === 'directory') return copied;
    return { ...copied, resigned: await (await repositoriesOver(store)).resign(image, self, options) };
  };

  return {
    exportImage: (image, folder, options) =>
      inStore(config, (store) =>
        inLayout(folder, image, (layout) =>
          copyImage({ clock }, store.image(image, self.credentials), layout, options),
        ),
      ),
    importImage: (folder, image, options) =>
      inStore(config, async (store) => {
        const layout = await openImageLayout(folder, image);
        if ((await layout.tags()).length === 0) throw unknown(`${folder} is no OCI image layout with packages`);
        const copied = await copyImage({ clock }, layout, store.image(image, self.credentials), options);
        return await resignCopied(copied, store, config, image, options);
      }),
    copyImage: (image, target, options) =>
      inStore(config, (store) =>
        inStore(target.config, async (other) => {
          const to = other.image(target.image, self.credentials);
          const copied = await copyImage({ clock }, store.image(image, self.credentials), to, options);
          return await resignCopied(copied, other, target.config, target.image, options);
        }),
      ),
    resign: (image, { drop }) =>
      inStore(config, async (store) => {
        const keys = await openSigningKeys(config, { clock, log });
        if (drop !== undefined) await dropKey(keys, store.image(image, self.credentials), drop);
        const resigned = await (await repositoriesOver(store)).resign(image, self);
        if (resigned.indexes === 0) throw unknown(`${image} has no index`);
        return resigned;
      }),

    async collectGarbage(options, onRemoved) {
      if (config.store.kind !== 'directory') {
        const message = 'gc is for the embedded store; a registry has a collection of its own';
        throw new GatewayError('CONFIG_INVALID', message);
      }
      const { directory } = config.store;
      refuseMissingFolder(config);
      await collectGarbage({ now: () => clock.now() }, { ...options, directory }, onRemoved);
    },

    async verify(at, { isRepair }, { onFinding, onMended }) {
      // Its signing key would be made with it.
      refuseMissingFolder(config);
      return inStore(config, async (store) => {
        const repositories = await repositoriesOver(store);
        if (isRepair) for (const finding of await repositories.mend(at, self)) onMended(finding);
        const verified = await repositories.verify(at, self, onFinding);
        if (verified.architectures === 0) throw unknown(`${at.image} has no ${at.branch}/${at.repository}`);
        return verified;
      });
    },
  };
}

function refuseMissingFolder({ store }: Pick<Config, 'store'>): void {
  if (store.kind !== 'directory' || existsSync(store.directory)) return;
  throw unknown(`--data ${store.directory} is not there`);
}

/** A misspelt name is never success. */
function unknown(message: string): GatewayError {
  return new GatewayError('REPOSITORY_UNKNOWN', message);
}
