import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const heapGrowth = new URL('../../../src/gateway/heap-growth.ts', import.meta.url).href;

/** How often V8 collects all of a heap while that grows to some 200 MiB. */
async function collections(packagesToRead: number): Promise<number> {
  const script = `
    import { constants, PerformanceObserver } from 'node:perf_hooks';
    import { setTimeout } from 'node:timers/promises';
    import { collectingSooner } from ${JSON.stringify(heapGrowth)};
    let count = 0;
    const isWhole = ({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
    const observer = new PerformanceObserver((list) => { count += list.getEntries().filter(isWhole).length; });
    observer.observe({ entryTypes: ['gc'] });
    collectingSooner({ packagesToRead: () => undefined }).packagesToRead(${packagesToRead});
    const held = [];
    for (let i = 0; i < 2_000_000; i += 1) held.push({ i, text: 'text ' + i });
    await setTimeout(50);
    console.log(count, held.length);
  `;
  const { stdout } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script]);
  return Number(stdout.split(' ')[0]);
}

describe('the heap of a gateway', () => {
  it('is collected more often as it grows, once many packages are read', async () => {
    expect(await collections(100_000)).toBeGreaterThan(await collections(1_000));
  });
});
