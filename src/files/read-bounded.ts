import { GatewayError } from '../errors.ts';

/** Bytes in chunks, of node's streams or the web's. Leaving one early destroys it. */
export type ByteStream = AsyncIterable<Uint8Array>;

/** The whole of a stream, at most `maxBytes`, else SIZE_EXCEEDED; the stream is destroyed then. `subject` is for a person. */
export async function readBounded(stream: ByteStream, maxBytes: number, subject: string): Promise<Uint8Array> {
  const { bytes, isWhole } = await readBeginning(stream, maxBytes);
  if (isWhole) return bytes;
  throw new GatewayError('SIZE_EXCEEDED', `${subject} has more than ${maxBytes} bytes`, { details: { maxBytes } });
}

/** The first `maxBytes` of a stream, and whether that was all; what follows is not read. */
export async function readBeginning(
  stream: ByteStream,
  maxBytes: number,
): Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const room = maxBytes - size;
    size += chunk.length;
    chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    if (size > maxBytes) break;
  }
  const [only] = chunks;
  const bytes = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
  return { bytes, isWhole: size <= maxBytes };
}
