import { createHash } from 'node:crypto';
import { rm, truncate } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request } from 'undici';
import { readIndexFile } from '../../../src/apk/index/index-file.ts';
import { readConfig } from '../../../src/config/config.ts';
import { createMaintenance } from '../../../src/gateway/maintenance.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import type { Finding } from '../../../src/repository/service/upkeep.ts';
import { anApk } from '../../support/an-apk.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { startRegistryFront, type RegistryFront } from '../../support/registry-front.ts';
import { registryProgram, startRegistry, type TestRegistry } from '../../support/registry.ts';
import { aLog, keyFixture } from '../../support/signing-keys.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const isMissing = registryProgram() === undefined && process.env['CI'] !== 'true';

interface Manifest {
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
}

/** A registry that keeps in memory which blobs it has, as distribution does by default, and loses some of them. */
describe.skipIf(isMissing)(`what a registry lost${isMissing ? ' (docker-registry is missing)' : ''}`, () => {
  let folder: Awaited<ReturnType<typeof makeTempDir>>;
  let registry: TestRegistry;
  let front: RegistryFront;
  let count = 0;
  const gateways: TestGateway[] = [];

  beforeAll(async () => {
    folder = await makeTempDir();
    registry = await startRegistry({ folder: folder.path, hasBlobCache: true });
    front = await startRegistryFront(registry.host);
  });
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    await front.stop();
    await registry.stop();
    await folder.remove();
  });

  /** A replica that has read nothing yet. */
  const aReplica = async () => {
    const gateway = await startGateway({ store: { registry: front.host } });
    gateways.push(gateway);
    return gateway.url;
  };
  const anImage = () => {
    count += 1;
    return `team/lost${count}`;
  };
  /** What it depends on can't be packed, so that its run is too large for a manifest. */
  const apkOf = (name: string, dataBytes = 3000) => {
    const noise = createHash('shake128', { outputLength: 20_000 }).update(name).digest('hex');
    const depends = (noise.match(/.{100}/g) ?? []).map((word) => `so:${word}`);
    return anApk({ name, version: '1.0-r0', arch: 'x86_64', dataBytes, depends });
  };
  const push = async (url: string, image: string, body: Uint8Array) => {
    const answer = await request(`${url}/apk/${image}/edge/main/push`, { method: 'PUT', body });
    await answer.body.dump();
    return answer.statusCode;
  };
  const remove = async (url: string, image: string, name: string) => {
    const answer = await request(`${url}/apk/${image}/edge/main/x86_64/${name}-1.0-r0.apk`, { method: 'DELETE' });
    await answer.body.dump();
    return answer.statusCode;
  };
  const isServed = async (url: string, image: string, name: string, body: Uint8Array) => {
    const answer = await request(`${url}/apk/${image}/edge/main/x86_64/${name}-1.0-r0.apk`);
    return answer.statusCode === 200 && Buffer.from(await answer.body.arrayBuffer()).equals(body);
  };
  const listed = async (url: string, image: string) => {
    const answer = await request(`${url}/apk/${image}/edge/main/x86_64/APKINDEX.tar.gz`);
    const bytes = await answer.body.bytes();
    const names = answer.statusCode === 200 ? readIndexFile(bytes).entries.map(({ name }) => name) : [];
    return { status: answer.statusCode, isStale: answer.headers['x-lkard-stale'] === 'true', names };
  };
  const layersOfIndex = async (image: string) => {
    const tags = (await (await request(`http://${registry.host}/v2/${image}/tags/list`)).body.json()) as {
      tags: string[];
    };
    const tag = tags.tags.find((one) => one.startsWith('index-') && one.includes('x86_64'))!;
    const headers = { accept: 'application/vnd.oci.image.manifest.v1+json' };
    const answer = await request(`http://${registry.host}/v2/${image}/manifests/${tag}`, { headers });
    return ((await answer.body.json()) as Manifest).layers;
  };
  const fileOf = (digest: string) => {
    const hex = digest.slice('sha256:'.length);
    return path.join(folder.path, 'data', 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
  };
  /** Has the registry remember the blobs first, so that it claims them afterwards. */
  const lose = async (image: string, digests: readonly string[], how: 'gone' | 'cut' = 'gone') => {
    for (const digest of digests) {
      expect(
        (await request(`http://${registry.host}/v2/${image}/blobs/${digest}`, { method: 'HEAD' })).statusCode,
      ).toBe(200);
      if (how === 'gone') await rm(fileOf(digest));
      else await truncate(fileOf(digest), 1);
      expect(
        (await request(`http://${registry.host}/v2/${image}/blobs/${digest}`, { method: 'HEAD' })).statusCode,
      ).toBe(200);
    }
  };
  const isWhole = async (image: string, { digest, size }: Manifest['layers'][number]) => {
    try {
      const answer = await request(`http://${registry.host}/v2/${image}/blobs/${digest}`);
      const bytes = Buffer.from(await answer.body.arrayBuffer());
      return answer.statusCode === 200 && bytes.length === size && digestOf(bytes) === digest;
    } catch {
      return false;
    }
  };
  const expectMended = async (image: string, names: readonly string[]) => {
    const layers = await layersOfIndex(image);
    expect(await Promise.all(layers.map((layer) => isWhole(image, layer)))).not.toContain(false);
    expect(await listed(await aReplica(), image)).toEqual({ status: 200, isStale: false, names });
  };
  /** Two packages, and an index of them whose layers the registry lost, some or all. */
  const aLostIndex = async (which: (count: number) => number, how: 'gone' | 'cut') => {
    const image = anImage();
    const url = await aReplica();
    expect(await push(url, image, apkOf('one'))).toBe(201);
    expect(await push(url, image, apkOf('two'))).toBe(201);
    const layers = await layersOfIndex(image);
    await lose(
      image,
      layers.slice(0, which(layers.length)).map(({ digest }) => digest),
      how,
    );
    return { image, url };
  };

  const losses = [
    ['one layer', 'gone'],
    ['every layer', 'gone'],
    ['every layer', 'cut'],
  ] as const;
  describe.each(losses)('%s of an index, %s', (much, how) => {
    const which = (length: number) => (much === 'one layer' ? 1 : length);

    it('keeps no other replica from serving all packages', async () => {
      const { image } = await aLostIndex(which, how);
      expect(await listed(await aReplica(), image)).toEqual({ status: 200, isStale: false, names: ['one', 'two'] });
    });

    it('is mended by the next push', async () => {
      const { image } = await aLostIndex(which, how);
      expect(await push(await aReplica(), image, apkOf('zero'))).toBe(201);
      await expectMended(image, ['one', 'two', 'zero']);
    });

    it('is mended by the next delete', async () => {
      const { image } = await aLostIndex(which, how);
      expect(await remove(await aReplica(), image, 'two')).toBe(204);
      await expectMended(image, ['one']);
    });

    it('is mended by lkard verify --repair', async () => {
      const { image } = await aLostIndex(which, how);
      const flags = {
        backend: registry.host,
        'no-https': true as const,
        'signing-key': [keyFixture('test-only-2048.rsa')],
      };
      const maintenance = createMaintenance(readConfig(flags, {}), { log: aLog() });
      const at = { image, branch: 'edge', repository: 'main' };
      const kinds: string[] = [];
      const hear = { onFinding: ({ kind }: { kind: string }) => void kinds.push(kind), onMended: () => undefined };
      await maintenance.verify(at, { isRepair: true }, hear);
      expect(kinds).toEqual([]);
      await expectMended(image, ['one', 'two']);
    });
  });

  it('is told of each package by lkard verify', async () => {
    const image = anImage();
    const url = await aReplica();
    const [one, two] = [apkOf('one'), apkOf('two')];
    expect([await push(url, image, one), await push(url, image, two)]).toEqual([201, 201]);
    await lose(image, [digestOf(one)], 'cut');
    await lose(image, [digestOf(two)], 'gone');
    const flags = {
      backend: registry.host,
      'no-https': true as const,
      'signing-key': [keyFixture('test-only-2048.rsa')],
    };
    const maintenance = createMaintenance(readConfig(flags, {}), { log: aLog() });
    const found: string[] = [];
    const hear = {
      onFinding: ({ kind, message }: Finding) => {
        if (kind === 'blob') found.push(message.split(' ')[0]!);
      },
      onMended: () => undefined,
    };
    await maintenance.verify({ image, branch: 'edge', repository: 'main' }, { isRepair: false }, hear);
    expect(found.sort()).toEqual(['one-1.0-r0.apk', 'two-1.0-r0.apk']);
  });

  it('makes an index under fresh bytes where the registry takes none twice', async () => {
    const { image } = await aLostIndex((length) => length, 'gone');
    const lost = (await layersOfIndex(image)).map(({ digest }) => digest);
    front.meddle(image, (asked) => {
      const isRefused = asked.startsWith('PUT ') && lost.some((digest) => asked.includes(`digest=${digest}`));
      return isRefused ? { status: 201, headers: { location: '/' } } : undefined;
    });
    const url = await aReplica();
    const flags = { backend: front.host, 'no-https': true as const, 'signing-key': [keyFixture('test-only-2048.rsa')] };
    const maintenance = createMaintenance(readConfig(flags, {}), { log: aLog() });
    const hear = { onFinding: () => undefined, onMended: () => undefined };
    await maintenance.verify({ image, branch: 'edge', repository: 'main' }, { isRepair: true }, hear);
    await expectMended(image, ['one', 'two']);
    expect(await push(url, image, apkOf('zero'))).toBe(201);
    await expectMended(image, ['one', 'two', 'zero']);
    front.calm(image);
  });

  it('and names again in an index that a delete brings back is uploaded again', async () => {
    const image = anImage();
    const url = await aReplica();
    expect(await push(url, image, apkOf('one'))).toBe(201);
    const first = (await layersOfIndex(image)).map(({ digest }) => digest);
    expect(await push(url, image, apkOf('two'))).toBe(201);
    const second = (await layersOfIndex(image)).map(({ digest }) => digest);
    await lose(
      image,
      first.filter((digest) => !second.includes(digest)),
    );
    expect(await remove(url, image, 'two')).toBe(204);
    await expectMended(image, ['one']);
  });

  it.each([3_000, 20 * 1024 * 1024])('of a listed package of %i bytes comes back with the same bytes', async (size) => {
    const image = anImage();
    const body = apkOf('one', size);
    expect(await push(await aReplica(), image, body)).toBe(201);
    await lose(image, [digestOf(body)]);
    const url = await aReplica();
    expect(await push(url, image, body)).toBe(201);
    expect(await isServed(url, image, 'one', body)).toBe(true);
    expect(await push(url, image, body)).toBe(409);
  });

  it.each([3_000, 20 * 1024 * 1024])(
    'of a package of %i bytes between its layer and its manifest is uploaded again',
    async (size) => {
      const image = anImage();
      const body = apkOf('one', size);
      let uploads = 0;
      front.meddle(image, (asked) => {
        if (asked.startsWith('PUT ') && asked.includes(digestOf(body))) uploads += 1;
        const isRefused = /^PUT .*\/manifests\/[a-z0-9]+-p-/.test(asked) && uploads < 2;
        const answer = JSON.stringify({
          errors: [{ code: 'MANIFEST_BLOB_UNKNOWN', message: 'blob unknown to registry' }],
        });
        return isRefused ? { status: 404, headers: { 'content-type': 'application/json' }, body: answer } : undefined;
      });
      const url = await aReplica();
      expect(await push(url, image, body)).toBe(201);
      expect(uploads).toBe(2);
      expect(await isServed(url, image, 'one', body)).toBe(true);
    },
  );
});
