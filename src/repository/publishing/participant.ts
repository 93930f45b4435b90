import type { ImageStore } from '../../store/store.ts';
import { EVERY, type Look, type Scope } from '../live/look.ts';

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

/** Somebody who wants the indexes to cover what is there, and no more: whoever is about to be told that a name is taken. */
export function createMending(image: ImageStore, scope: Scope): Participant {
  return {
    image,
    scope,
    settle: (look) => Promise.resolve(areCovered(look, scope) ? 'done' : 'publish'),
    abandon: () => Promise.resolve(),
  };
}

/** The architectures of a look that a scope means. */
export function architecturesIn(look: Look, scope: Scope): readonly string[] {
  return scope.includes(EVERY) ? look.architectures : scope;
}

/** Whether the indexes that a scope means cover the live set. */
export function areCovered(look: Look, scope: Scope): boolean {
  return architecturesIn(look, scope).every(look.isCovered);
}
