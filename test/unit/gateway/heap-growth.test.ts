import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const heapGrowth = new URL('../../../src/gateway/heap-growth.ts', import.meta.url).href;

/** The most that a heap took, in bytes, which holds some 40 MiB and replaces a quarter of them again and again. */
async function mostHeap(packagesToRead: number): Promise<number> {
  const script = `
    import { getHeapStatistics } from 'node:v8';
    import { collectingSooner } from ${JSON.stringify(heapGrowth)};
    collectingSooner({ packagesToRead: () => undefined }).packagesToRead(${packagesToRead});
    const held = Array.from({ length: 400_000 }, (_, i) => ({ i, text: 'text ' + i }));
    let most = 0;
    for (let i = 0; i < 3_000_000; i += 1) {
      held[i % 100_000] = { i, text: 'text ' + i };
      if (i % 1_000 === 0) most = Math.max(most, getHeapStatistics().total_heap_size);
    }
    console.log(most, held.length);
  `;
  const { stdout } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script]);
  return Number(stdout.split(' ')[0]);
}

describe('the heap of a gateway', () => {
  it('takes far less than V8 would let it, once many packages are read', async () => {
    const [few, many] = await Promise.all([mostHeap(1_000), mostHeap(100_000)]);
    expect(many).toBeLessThan(0.8 * few);
  });
});
