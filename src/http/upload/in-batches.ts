/**
 * The same bytes in pieces of at least so many, but for the last: each piece costs a turn of every thread that takes it, and a
 * socket gives out 64 KiB at most.
 */
export async function* inBatches(source: AsyncIterable<Uint8Array>, minBytes: number): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of source) {
    parts.push(part);
    bytes += part.byteLength;
    if (bytes < minBytes) continue;
    yield joined(parts);
    [parts, bytes] = [[], 0];
  }
  if (bytes > 0) yield joined(parts);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only, ...others] = parts;
  return only !== undefined && others.length === 0 ? only : Buffer.concat(parts);
}
