import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { clientTitle, findClient, type ClientName } from '../support/clients.ts';
import { makeApkRoot, mayInstall, type ApkRoot } from './apk-root.ts';
import {
  dockerRegistry,
  embeddedStore,
  repositoryAt,
  type StoreKind,
  type TestRepository,
  type World,
  type WorldOptions,
} from './world.ts';

/** What a test on one apk and one store works with; each test has images and roots of its own. */
export interface ApkScene {
  /** Of the apk that runs, before the first point. */
  readonly major: '2' | '3';
  /** The gateway of all these tests. */
  readonly world: () => World;
  /** A gateway of its own on such a store, gone after the test. */
  readonly aWorld: (options?: WorldOptions) => Promise<World>;
  /** A repository in an image that nobody used before, `/apk/<image>/edge/main`. */
  readonly aRepository: (headers?: Readonly<Record<string, string>>) => TestRepository;
  /** An empty root, gone after the test. */
  readonly aRoot: (architecture?: string) => Promise<ApkRoot>;
}

/** Describes the same tests of one client over each store; those that this machine lacks are skipped by name. */
export function describeForEachStore(
  name: ClientName,
  stores: readonly StoreKind[],
  define: (store: StoreKind) => void,
): void {
  const isUsable = findClient(name) !== undefined;
  for (const store of stores) {
    describe.skipIf(!isUsable || !store.isThere)(`${clientTitle(name)} on ${titleOf(store)}`, () => {
      define(store);
    });
  }
}

/** Describes the same tests for apk 2 and 3 over each store; those that this machine lacks are skipped by name. */
export function describeForEachApk(
  define: (scene: ApkScene) => void,
  {
    stores = [embeddedStore, dockerRegistry],
    ...world
  }: WorldOptions & { readonly stores?: readonly StoreKind[] } = {},
): void {
  for (const name of ['apk2', 'apk3'] as const) {
    const client = findClient(name);
    const isUsable = client !== undefined && mayInstall(client);
    const title = client === undefined || isUsable ? clientTitle(name) : `${clientTitle(name)} (installs only as root)`;
    for (const store of stores) {
      describe.skipIf(!isUsable || !store.isThere)(`${title} on ${titleOf(store)}`, () => {
        define(sceneOf(name, store, world));
      });
    }
  }
}

function titleOf({ title, isThere }: StoreKind): string {
  return isThere ? title : `${title} (not found)`;
}

function sceneOf(name: 'apk2' | 'apk3', store: StoreKind, options: WorldOptions): ApkScene {
  let started: World | undefined;
  let images = 0;
  beforeAll(async () => {
    started = await store.start(options);
  });
  afterAll(() => started?.stop());
  return {
    major: name === 'apk2' ? '2' : '3',
    world: () => started!,
    async aWorld(own) {
      const world = await store.start(own);
      onTestFinished(() => world.stop());
      return world;
    },
    aRepository(headers) {
      images += 1;
      return repositoryAt(`${started!.url}/apk/team/image${images}/edge/main`, headers);
    },
    async aRoot(architecture) {
      const root = await makeApkRoot(findClient(name)!, architecture);
      onTestFinished(() => root.remove());
      return root;
    },
  };
}
