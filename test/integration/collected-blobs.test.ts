import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { anyRegistryStore } from '../support/registry-store.ts';
import { registryProgram, startRegistry } from '../support/registry.ts';
import { makeTempDir } from '../support/temp-dir.ts';

const program = registryProgram();
const isMissing = program === undefined && process.env['CI'] !== 'true';

describe.skipIf(isMissing)(
  `a registry with a cache of blobs${isMissing ? ' (docker-registry is missing)' : ''}`,
  () => {
    it.each([100, 5_000_000])(
      'still claims a blob of %i bytes that its collection took; it is found out, and mended by an upload anew',
      async (size) => {
        const folder = await makeTempDir();
        const registry = await startRegistry({ folder: folder.path, hasBlobCache: true });
        const store = anyRegistryStore(registry.host);
        onTestFinished(async () => {
          await store.close();
          await registry.stop();
          await folder.remove();
        });
        const image = store.image('team/app', { kind: 'anonymous' });
        const bytes = randomBytes(size);
        const blob = { digest: digestOf(bytes), size };
        const source = { ...blob, open: () => bytes };
        await (await image.startUpload()).finish(source);
        expect(await image.isReadable(blob)).toBe(true);
        const collected = spawnSync(program!, ['garbage-collect', path.join(folder.path, 'config.yml')]);
        expect(collected.status).toBe(0);

        expect(await image.hasBlob(blob.digest)).toBe(true);
        expect(await image.isReadable(blob)).toBe(false);
        await (await image.startUpload()).finish(source, { isAnew: true });
        expect(await image.isReadable(blob)).toBe(true);
        expect((await buffer((await image.openBlob(blob))!.stream)).equals(bytes)).toBe(true);
      },
    );
  },
);
