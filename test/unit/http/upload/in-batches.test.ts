import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { inBatches } from '../../../../src/http/upload/in-batches.ts';

async function batchesOf(pieces: readonly string[], minBytes: number): Promise<readonly string[]> {
  const source = pieces.map((piece) => Buffer.from(piece));
  const batches: string[] = [];
  for await (const batch of inBatches(Readable.from(source), minBytes)) batches.push(Buffer.from(batch).toString());
  return batches;
}

describe('an upload that comes in small pieces', () => {
  it.each([
    ['nothing', [], []],
    ['less than one batch', ['a', 'b'], ['ab']],
    ['exactly one', ['ab', 'cd'], ['abcd']],
    ['more', ['abc', 'def', 'g'], ['abcdef', 'g']],
    ['pieces that are large enough', ['abcdefgh', 'ijkl', 'mn'], ['abcdefgh', 'ijkl', 'mn']],
  ])('is taken in larger ones: %s', async (_what, pieces, batches) => {
    expect(await batchesOf(pieces, 4)).toEqual(batches);
  });

  it('is not copied where it comes whole', async () => {
    const whole = Buffer.from('whole');
    for await (const batch of inBatches(Readable.from([whole]), 64)) expect(batch).toBe(whole);
  });

  it('ends as it ends where it breaks off', async () => {
    const broken = Readable.from(
      (function* () {
        yield Buffer.from('ab');
        throw new Error('broken off');
      })(),
    );
    await expect(inBatches(broken, 64).next()).rejects.toThrow('broken off');
  });
});
