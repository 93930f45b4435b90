import { isGatewayError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Log } from '../../ports.ts';
import type { MonotonicClock } from '../../time/monotonic.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import { upkeepPauseMs } from './upkeep-pause.ts';

export interface SupersededOptions {
  /** How long a replaced index manifest is kept, in milliseconds; Infinity for ever. */
  readonly keepSupersededMs: number;
}

/**
 * The index manifests of one image that this replica saw under an index tag, and then saw another in their place. Each put is a
 * manifest of its own, so a replaced one never comes back by itself. In memory alone: what a replica forgets when it ends is
 * left to the registry's own collection.
 */
export interface Superseded {
  /** That manifest is under that index tag now; the one before it no longer is. */
  saw(tag: string, digest: Digest): void;
  /**
   * Removes some of those that have been replaced for long enough, with the rights of somebody who waits for a publish, and
   * never one that the tag names. Takes a tenth of the time at most. Never throws.
   */
  clear(image: ImageStore, call: CallOptions): Promise<void>;
}

interface Replaced {
  readonly tag: string;
  readonly sinceMs: number;
}

const maxRemembered = 10_000;
/** The most that one publish removes. */
const maxAtOnce = 16;

/** The memory of one image. */
export function createSuperseded(
  { clock, log }: { readonly clock: MonotonicClock; readonly log: Log },
  { keepSupersededMs }: SupersededOptions,
): Superseded {
  const latest = new Map<string, Digest>();
  /** The oldest first. */
  const replaced = new Map<Digest, Replaced>();
  let nextMs = -Infinity;

  const dueNow = () => {
    const due: [Digest, string][] = [];
    for (const [digest, { tag, sinceMs }] of replaced) {
      if (due.length === maxAtOnce || clock.monotonicMs() - sinceMs < keepSupersededMs) break;
      due.push([digest, tag]);
    }
    return due;
  };

  const remove = async (image: ImageStore, digest: Digest, tag: string, call: CallOptions) => {
    // Somebody may have put an old version back by hand.
    const isLive = (await image.resolve(tag, call))?.digest === digest;
    if (!isLive) await image.deleteManifest(digest, call);
    replaced.delete(digest);
  };

  return {
    saw(tag, digest) {
      const before = latest.get(tag);
      if (before === digest) return;
      latest.set(tag, digest);
      replaced.delete(digest);
      if (before === undefined || keepSupersededMs === Infinity) return;
      replaced.set(before, { tag, sinceMs: clock.monotonicMs() });
      const [oldest] = replaced.keys();
      if (replaced.size > maxRemembered && oldest !== undefined) replaced.delete(oldest);
    },

    async clear(image, call) {
      const beganMs = clock.monotonicMs();
      if (beganMs < nextMs) return;
      nextMs = Infinity;
      try {
        for (const [digest, tag] of dueNow()) await remove(image, digest, tag, call);
        // Some registries look through all tags for each manifest that they remove.
        nextMs = clock.monotonicMs() + 10 * (clock.monotonicMs() - beganMs);
      } catch (error) {
        const isAnswered = isGatewayError(error, 'ABORTED');
        nextMs = clock.monotonicMs() + (isAnswered ? 0 : upkeepPauseMs(error));
        if (!isAnswered) log.debug({ image: image.image, err: error }, 'replaced indexes could not be removed');
      }
    },
  };
}
