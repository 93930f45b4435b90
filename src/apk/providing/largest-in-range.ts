/** Numbers in a row, of which the largest of any run is found, and any is raised, in logarithmic time. */
export interface LargestInRange {
  /** The position of the largest from `from` up to, not including, `to`; undefined for an empty run. */
  find(from: number, to: number): number | undefined;
  raise(position: number, value: number): void;
}

export function createLargestInRange(values: Float64Array): LargestInRange {
  const { length } = values;
  // A tree in an array: its leaves, from `length` on, are the positions, and each knot has the better of those below it.
  const knots = new Int32Array(2 * length);
  const better = (a: number, b: number) => ((values[a] ?? 0) >= (values[b] ?? 0) ? a : b);
  const renew = (knot: number) => {
    knots[knot] = better(knots[2 * knot] ?? 0, knots[2 * knot + 1] ?? 0);
  };
  for (let position = 0; position < length; position += 1) knots[length + position] = position;
  for (let knot = length - 1; knot > 0; knot -= 1) renew(knot);

  return {
    find(from, to) {
      let best: number | undefined;
      const take = (knot: number) => {
        const position = knots[knot] ?? 0;
        best = best === undefined ? position : better(best, position);
      };
      for (let [low, high] = [from + length, to + length]; low < high; low >>= 1, high >>= 1) {
        if (low % 2 === 1) take(low++);
        if (high % 2 === 1) take(--high);
      }
      return best;
    },
    raise(position, value) {
      values[position] = value;
      for (let knot = (position + length) >> 1; knot > 0; knot >>= 1) renew(knot);
    },
  };
}
