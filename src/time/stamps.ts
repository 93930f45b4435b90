import { momentAfter, msSince, type MonotonicClock, type MonotonicMs } from './monotonic.ts';

declare const isStamp: unique symbol;

/**
 * A moment that all replicas mean alike, in ms since 1970: what a tag, an annotation or a tombstone holds. It is compared with
 * other stamps only: how long something lasted is measured on a monotonic clock (`MonotonicMs`).
 */
export type Stamp = number & { readonly [isStamp]: true };

/** The stamp of a number that was read or measured: ms since 1970. */
export function stampOf(ms: number): Stamp {
  return ms as Stamp;
}

/** The clock of a server that several processes ask, as far as its answers tell the time. */
export interface SharedClock {
  /** The moment now: this process's monotonic time and what it is off by; the machine's own clock until that is known. */
  stamp(): Stamp;
  /** Takes note of an answer's `Date` (RFC 9110 section 6.6.1), whose request was sent at that moment and answered now. */
  note(date: string | undefined, sentAt: MonotonicMs): void;
}

export interface SharedClockDeps extends MonotonicClock {
  /** Ms since 1970, as this machine's own clock says. */
  readonly now: () => number;
  /** Called for each sample with how far the machine's clock is ahead of the shared one, in ms; below 0 where it is behind. */
  readonly onMeasured?: ((aheadMs: number) => void) | undefined;
}

/** A median of so many samples hides that each is a whole second's wide. */
const maxSamples = 15;
/** What waited longer says too little of when it was answered. */
const maxRoundTripMs = 5_000;
/** Two samples in a row that are off by more than what one may be off by: the server's clock was set, or this machine slept. */
const stepMs = 4_000;
// The middle of the second that a `Date` names.
const halfResolutionMs = 500;
const dateForm = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** Creates a shared clock: the median of the last samples, each taken to be of the middle of its round trip. */
export function createSharedClock(deps: SharedClockDeps): SharedClock {
  let offsetsMs: readonly number[] = [];
  let offsetMs: number | undefined;

  const stamp = () => stampOf(Math.round(offsetMs === undefined ? deps.now() : deps.monotonicMs() + offsetMs));
  return {
    stamp,
    note(date, sentAt) {
      const roundTripMs = msSince(deps, sentAt);
      if (date === undefined || !dateForm.test(date) || roundTripMs > maxRoundTripMs) return;
      const sampleMs = Date.parse(date) + halfResolutionMs - momentAfter(sentAt, roundTripMs / 2);
      const isStep = [sampleMs, offsetsMs.at(-1)].every((ms) => Math.abs((ms ?? sampleMs) - (offsetMs ?? 0)) > stepMs);
      offsetsMs = [...(isStep ? offsetsMs.slice(-1) : offsetsMs), sampleMs].slice(-maxSamples);
      offsetMs = medianOf(offsetsMs);
      deps.onMeasured?.(deps.now() - stamp());
    },
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
