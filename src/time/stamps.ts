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
