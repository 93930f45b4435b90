import { createHash } from 'node:crypto';

/** Choices that a seed decides: the same seed makes the same ones in the same order. */
export interface Chance {
  /** A whole number in [0, limit). */
  below(limit: number): number;
  /** A whole number in [least, most]. */
  between(least: number, most: number): number;
  /** True with this probability. */
  isLucky(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** Choices of their own for somebody else: how many they make changes nobody's. */
  fork(name: string): Chance;
}

/** Choices made of a text. */
export function createChance(seed: string): Chance {
  let state = createHash('sha256').update(seed).digest().readUInt32LE();
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    isLucky: (probability) => next() < probability,
    pick: (items) => items[below(items.length)]!,
    fork: (name) => createChance(`${seed} ${name}`),
  };
}
