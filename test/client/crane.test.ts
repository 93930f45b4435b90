import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findClient } from '../support/clients.ts';
import { describeForEachStore } from './matrix.ts';
import { distribution3, dockerRegistry, repositoryAt, type World } from './world.ts';

const crane = findClient('crane');
const run = promisify(execFile);

interface Manifest {
  readonly annotations: Readonly<Record<string, string>>;
  readonly layers: readonly {
    readonly mediaType: string;
    readonly digest: string;
    readonly annotations?: Readonly<Record<string, string>>;
  }[];
}

describeForEachStore('crane', [dockerRegistry, distribution3], (store) => {
  let world: World;
  beforeAll(async () => {
    world = await store.start();
  });
  afterAll(() => world.stop());

  const ask = async (...args: readonly string[]): Promise<Buffer> =>
    (await run(crane!.program, ['--insecure', ...args], { encoding: 'buffer', maxBuffer: 64 * 2 ** 20 })).stdout;

  it('reads a package byte for byte from the registry, with no gateway in between', async () => {
    const image = `${world.registry!}/team/app`;
    const pushed = await repositoryAt(`${world.url}/apk/team/app/edge/main`).push({
      name: 'hello',
      version: '1.0_git1~abc-r0',
      dataBytes: 2_000_000,
    });
    const tags = (await ask('ls', image)).toString().trim().split('\n');
    const tag = tags.find((name) => name.includes('-p-hello'));
    const manifest = JSON.parse((await ask('manifest', `${image}:${tag!}`)).toString()) as Manifest;
    const [layer, ...others] = manifest.layers;
    expect(layer!.annotations?.['org.opencontainers.image.title']).toBe('hello-1.0_git1~abc-r0.apk');
    expect(others).toEqual([]);
    expect((await ask('blob', `${image}@${layer!.digest}`)).equals(pushed)).toBe(true);
  });

  it('reads the index as one artifact: its head, its runs and its tail, joined', async () => {
    const image = `${world.registry!}/team/indexed`;
    const repository = repositoryAt(`${world.url}/apk/team/indexed/edge/main`);
    for (const version of ['1-r0', '2-r0']) await repository.push({ name: 'hello', version });
    const tags = (await ask('ls', image)).toString().trim().split('\n');
    const tag = tags.find((name) => name.startsWith('index-'));
    const manifest = JSON.parse((await ask('manifest', `${image}:${tag!}`)).toString()) as Manifest;
    const annotated = (name: string) => Buffer.from(manifest.annotations[`lkard.apk.index.${name}`]!, 'base64');
    const parts = manifest.layers.filter(({ mediaType }) => mediaType.endsWith('.index.part.v1'));
    const runs = await Promise.all(parts.map(({ digest }) => ask('blob', `${image}@${digest}`)));
    for (const word of manifest.annotations['lkard.apk.index.runs']?.split(' ') ?? []) {
      const [place, part] = word.split(':');
      runs.splice(Number(place), 0, Buffer.from(part!, 'base64'));
    }
    const served = await fetch(`${world.url}/apk/team/indexed/edge/main/x86_64/APKINDEX.tar.gz`);
    const joined = Buffer.concat([annotated('head'), ...runs, annotated('tail')]);
    expect(joined.equals(Buffer.from(await served.arrayBuffer()))).toBe(true);
  });
});
