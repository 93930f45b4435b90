import { GatewayError } from '../../errors.ts';
import type { ImageStore } from '../../store/store.ts';
import type { Burial } from './burial.ts';
import type { LiveTag } from '../live/live-set.ts';
import { EVERY, type Look, type Scope } from '../live/look.ts';
import { tagTimeMs } from '../artifacts/package-tag.ts';

/**
 * Somebody who waits for an index to be published. Every look that began after they joined is shown to `settle`, which
 * answers `done`, `publish` (an index that covers the live set is still wanted) or throws what the caller is to be told.
 */
export interface Participant {
  /** The image with this caller's rights. */
  readonly image: ImageStore;
  readonly scope: Scope;
  settle(look: Look): Promise<'done' | 'publish'>;
  /** Takes back what this participant did, where no index can be put at all. */
  abandon(): Promise<void>;
}

/** A deletion, from the moment that `dead` were removed: done once no index lists them and no older twin came to light. */
export function createRemoval(
  deps: { readonly burial: Burial },
  removal: {
    readonly image: ImageStore;
    readonly scope: Scope;
    readonly fileName: string;
    readonly architectures: readonly string[];
    readonly beganMs: number;
    readonly dead: readonly string[];
  },
): Participant {
  const dead = new Set(removal.dead);
  return {
    image: removal.image,
    scope: removal.scope,
    async settle(look) {
      const twins = look.live
        .named(removal.fileName)
        .filter(
          ({ tag, pkg }) => removal.architectures.includes(pkg.architecture) && tagTimeMs(tag) <= removal.beganMs,
        );
      for (const { tag } of twins) {
        await deps.burial.remove(removal.image, tag);
        dead.add(tag);
      }
      const isStillListed = [...dead].some((tag) => look.architectures.some((one) => look.mayList(one, tag)));
      return twins.length > 0 || isStillListed ? 'publish' : 'done';
    },
    abandon: () => Promise.resolve(),
  };
}

/** Somebody who is about to be told that a name is taken: the index is made to cover it first. */
export function createMending(image: ImageStore, scope: Scope): Participant {
  return {
    image,
    scope,
    settle: (look) => Promise.resolve(architecturesIn(look, scope).every(look.isCovered) ? 'done' : 'publish'),
    abandon: () => Promise.resolve(),
  };
}

/** PACKAGE_EXISTS, with the files at fault. */
export function nameTaken(files: readonly LiveTag[], identical: boolean): GatewayError {
  const names = files.map(({ pkg }) => pkg.fileName).join(', ');
  const what = identical ? 'identical bytes are there already' : 'other bytes are there under that name';
  return new GatewayError('PACKAGE_EXISTS', `${names}: ${what}`, { details: { file: names, identical } });
}

/** The architectures of a look that a scope means. */
export function architecturesIn(look: Look, scope: Scope): readonly string[] {
  return scope.includes(EVERY) ? look.architectures : scope;
}
