import { request } from 'undici';
import type { RunningLkard } from '../../test/support/programs.ts';
import { startRegistry } from '../../test/support/registry.ts';
import { makeTempDir } from '../../test/support/temp-dir.ts';
import { startCountingProxy, type Traffic } from '../../test/support/counting-proxy.ts';
import { spreadOf, timed, type Spread } from './figures.ts';
import { startGatewayProcess } from './gateway-process.ts';
import { smallPackage } from './push.ts';
import { embeddedFolder, registryFolder, seedPackages } from './seed.ts';

/** A seeded place, and how a gateway that serves it is started. */
export interface World {
  readonly size: number;
  /** With the requests to the registry counted; the same as `start` where there is none. */
  readonly startCounted: () => Promise<RunningLkard>;
  readonly start: (...flags: readonly string[]) => Promise<RunningLkard>;
  readonly take: () => Traffic | undefined;
  /** The registry's own listing of the image, in milliseconds. */
  readonly list: () => Promise<Spread | undefined>;
}

const at = { branch: 'edge', repository: 'main' } as const;
const image = 'bench/scale';
/** Where the seeded repository is, below a gateway. */
export const place = `apk/${image}/edge/main`;
/** And a snapshot of it. */
export const snapshotPlace = `apk/${image}/edge@bench/main`;

/** A docker-registry that holds so many packages of each architecture, while `work` runs. */
export async function inRegistry<T>(
  architectures: readonly string[],
  size: number,
  work: (world: World) => Promise<T>,
): Promise<T> {
  const folder = await makeTempDir();
  seedAll((of) => registryFolder(folder.path, of), architectures, size);
  const registry = await startRegistry({ folder: folder.path });
  const proxy = await startCountingProxy(registry.host);
  const startAt = (host: string, ...flags: readonly string[]) =>
    startGatewayProcess('--backend', host, '--no-https', '--log-level', 'info', ...flags);
  const list = () =>
    request(`http://${registry.host}/v2/${image}/tags/list?n=1000`).then(({ body }) => body.dump({ limit: 1e9 }));
  try {
    return await work({
      size,
      startCounted: () => startAt(proxy.host),
      start: (...flags) => startAt(registry.host, ...flags),
      take: () => proxy.take(),
      list: async () => spreadOf(await timed(5, list)),
    });
  } finally {
    await proxy.stop();
    await registry.stop();
    await folder.remove();
  }
}

/** The same in an embedded store. */
export async function inFolder<T>(
  architectures: readonly string[],
  size: number,
  work: (world: World) => Promise<T>,
): Promise<T> {
  const folder = await makeTempDir();
  seedAll((of) => embeddedFolder(folder.path, of), architectures, size);
  const start = (...flags: readonly string[]) =>
    startGatewayProcess('--data', folder.path, '--log-level', 'info', ...flags);
  const absent = () => undefined;
  try {
    return await work({
      size,
      startCounted: () => start(),
      start,
      take: absent,
      list: () => Promise.resolve(undefined),
    });
  } finally {
    await folder.remove();
  }
}

/** Asks again where the index takes longer to be made than a gateway lets its readers wait. */
export async function readIndex({ url }: RunningLkard, architecture = 'x86_64', at = place): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await request(`${url}/${at}/${architecture}/APKINDEX.tar.gz`, { headersTimeout: 900_000 });
    await answer.body.dump({ limit: 1e9 });
    if (answer.statusCode === 200) return;
    if (answer.statusCode !== 503 || attempt === 60) throw new Error(`an index was answered ${answer.statusCode}`);
  }
}

/** Pushes until the index is made, which may take longer than a push waits: the packages read by then aren't read again. */
export async function pushUntilAccepted(gateway: RunningLkard, architecture = 'x86_64'): Promise<void> {
  for (let attempt = 1; !(await isAccepted(gateway, architecture)); attempt += 1)
    if (attempt === 10) throw new Error('no index came');
}

/** Whether a push went through, and the index with it. */
async function isAccepted({ url }: RunningLkard, architecture: string): Promise<boolean> {
  const body = smallPackage('first', architecture);
  const answer = await request(`${url}/${place}/push?if-exists=skip`, { method: 'PUT', body, headersTimeout: 900_000 });
  await answer.body.dump();
  return answer.statusCode < 300;
}

function seedAll(
  open: (image: string) => Parameters<typeof seedPackages>[0],
  architectures: readonly string[],
  size: number,
): void {
  console.error(`  seeding ${size} packages of ${architectures.join(' and ')} …`);
  for (const architecture of architectures) {
    // What stands for the files: registries take no manifest, such as a snapshot's, that names a layer they don't have.
    seedPackages(open(image), { image, ...at, architecture }, size, { hasFiles: true });
  }
}
