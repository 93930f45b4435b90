import { spreadOf, timed, type Row } from './support/figures.ts';
import { processorSeconds, residentBytes } from './support/gateway-process.ts';
import { requestsPerSecond } from './support/load.ts';
import { push, smallPackage } from './support/push.ts';
import { inFolder, inRegistry, place, pushUntilAccepted, readIndex, type World } from './support/scale-world.ts';

type Report = (row: Row) => void;

const seconds = 3;
const pushes = 10;
/** With more, a registry takes minutes until the index is there. */
const mostInRegistry = 20_000;

/** What a gateway can do and takes with so many packages in a repository: the rows of the table by which people choose a machine. */
export async function benchSizing(sizes: readonly number[], report: Report): Promise<void> {
  for (const size of sizes) {
    await inFolder(['x86_64'], size, (world) => measureProcess(world, report));
    if (size <= mostInRegistry) await inRegistry(['x86_64'], size, (world) => countRequests(world, report));
  }
}

/** Of a process that has found the index stored: what an index answer takes, and a push, and its memory after both. */
async function measureProcess(world: World, report: Report): Promise<void> {
  await untilStored(world);
  const gateway = await world.start('--freshness', '1s');
  const own = () => processorSeconds(gateway.pid) ?? Number.NaN;
  try {
    await readIndex(gateway);
    const url = `${gateway.url}/${place}/x86_64/APKINDEX.tar.gz`;
    const before = own();
    const rate = await requestsPerSecond({ url, pid: gateway.pid }, seconds);
    const answerUs = ((own() - before) / (rate * seconds)) * 1e6;
    row(
      `${world.size} packages: GET index`,
      `${rate.toFixed(0)} requests/s, ${answerUs.toFixed(0)} µs of processor time`,
    );
    const served = residentBytes(gateway.pid) ?? Number.NaN;
    const beforePushes = own();
    const times = await timed(pushes, (i) => push(`${gateway.url}/${place}`, smallPackage(`sized-${i}`)));
    const pushMs = ((own() - beforePushes) / pushes) * 1000;
    const wait = spreadOf(times).median.toFixed(0);
    row('  a push in the embedded store', `${pushMs.toFixed(0)} ms of processor time, ${wait} ms`);
    const pushed = residentBytes(gateway.pid) ?? Number.NaN;
    row('  memory serving it, and after pushes', `${mebibytes(served)}, ${mebibytes(pushed)} MiB`);
  } finally {
    await gateway.stop();
  }

  function row(what: string, figure: string): void {
    report({ what, figure, goal: '', isMet: undefined });
  }
}

/** How often a registry is asked by a fresh process until the index is there, and by one push. */
async function countRequests(world: World, report: Report): Promise<void> {
  await untilStored(world);
  const gateway = await world.startCounted();
  try {
    world.take();
    await readIndex(gateway);
    const read = world.take()?.requests;
    await push(`${gateway.url}/${place}`, smallPackage('warm'));
    world.take();
    await push(`${gateway.url}/${place}`, smallPackage('counted'));
    const pushed = world.take()?.requests;
    const figure = `${read} until the index is there, ${pushed} a push`;
    report({ what: '  requests to a registry', figure, goal: '', isMet: undefined });
  } finally {
    await gateway.stop();
  }
}

/** Nobody has put an index of what was seeded; a push does. */
async function untilStored(world: World): Promise<void> {
  const gateway = await world.start();
  try {
    await readIndex(gateway);
    await pushUntilAccepted(gateway);
  } finally {
    await gateway.stop();
  }
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
