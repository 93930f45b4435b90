import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { anApk, type ApkSpec } from './an-apk.ts';
import { buildPrograms, runBin, startLkard, type ProgramResult, type RunningLkard } from './programs.ts';
import { keyFixture } from './signing-keys.ts';
import { makeTempDir } from './temp-dir.ts';

/** The built programs: lkard on an embedded store for all tests of a file, and lkar as nobody in a folder of its own. */
export interface LkarWorld {
  /** lkar's working directory. */
  readonly folder: string;
  readonly gateway: RunningLkard;
  /** Another one for each test. */
  readonly image: string;
  /** The image as lkar is given it, `HOST/IMAGE`. */
  readonly at: string;
  /** Runs lkar to its end. */
  readonly lkar: (...args: readonly string[]) => Promise<ProgramResult>;
  readonly lkarWith: (options: { readonly input?: string }, ...args: readonly string[]) => Promise<ProgramResult>;
  /** Writes a package into the folder; its name. */
  readonly aFile: (spec: ApkSpec, name?: string) => Promise<string>;
  /** Pushes packages to `main` of a branch, past lkar. */
  readonly push: (branch: string, ...specs: readonly ApkSpec[]) => Promise<void>;
}

/** Has a world made for the tests of this file; what it holds is there while they run. */
export function useLkar(): LkarWorld {
  let folder: Awaited<ReturnType<typeof makeTempDir>> | undefined;
  let gateway: RunningLkard | undefined;
  let images = 0;
  beforeAll(async () => {
    await buildPrograms();
    folder = await makeTempDir();
    const data = path.join(folder.path, 'data');
    gateway = await startLkard(['--data', data, '--signing-key', keyFixture('test-only-2048.rsa')]);
  }, 120_000);
  afterAll(async () => {
    await gateway?.stop();
    await folder?.remove();
  });
  beforeEach(() => {
    images += 1;
  });
  const world: LkarWorld = {
    get folder() {
      return folder!.path;
    },
    get gateway() {
      return gateway!;
    },
    get image() {
      return `team/app${images}`;
    },
    get at() {
      return `${gateway!.host}/${world.image}`;
    },
    lkar: (...args) => world.lkarWith({}, ...args),
    lkarWith: (options, ...args) =>
      runBin('lkar', args, {
        ...{ cwd: world.folder, ...options, env: { DOCKER_CONFIG: path.join(world.folder, 'nobody') } },
      }),
    async aFile(spec, name = `${spec.name}-${images}.apk`) {
      await writeFile(path.join(world.folder, name), anApk(spec));
      return name;
    },
    async push(branch, ...specs) {
      const form = new FormData();
      for (const spec of specs) form.append(spec.name + spec.version, new Blob([new Uint8Array(anApk(spec))]));
      const url = `${gateway!.url}/apk/${world.image}/${branch}/main/push`;
      expect((await fetch(url, { method: 'PUT', body: form })).status).toBe(201);
    },
  };
  return world;
}
