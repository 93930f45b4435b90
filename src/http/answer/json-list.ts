import { Readable } from 'node:stream';

/** Members that are written at a time: half a hundred KiB of packages. */
const partLength = 64;

/**
 * A JSON list, described and written part by part as it goes out: a long one is never held whole, neither as documents nor as
 * text, and holds the thread for one part at a time.
 */
export function jsonList<T>(items: readonly T[], describe: (item: T) => object): Readable {
  return Readable.from(partsOf(items, describe), { objectMode: false, highWaterMark: 64 * 1024 });
}

function* partsOf<T>(items: readonly T[], describe: (item: T) => object): Generator<Buffer> {
  for (let first = 0; first < items.length; first += partLength) {
    const documents = items.slice(first, first + partLength).map((item) => JSON.stringify(describe(item)));
    yield Buffer.from(`${first === 0 ? '[' : ','}${documents.join(',')}`);
  }
  yield Buffer.from(items.length === 0 ? '[]\n' : ']\n');
}
