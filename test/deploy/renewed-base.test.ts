import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { imageManifestType } from '../../src/oci/manifest.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { anyRegistryStore } from '../support/registry-store.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { root } from './tools.ts';

const old = `sha256:${'0'.repeat(64)}`;
let registry: TestRegistry;
let folder: Awaited<ReturnType<typeof makeTempDir>>;
let latest: string;

beforeAll(async () => {
  registry = await startRegistry();
  folder = await makeTempDir();
  const store = anyRegistryStore(registry.host);
  const image = store.image('library/node', { kind: 'anonymous' });
  const config = await image.pushBlob(Buffer.from('{}'));
  const described = { mediaType: 'application/vnd.oci.image.config.v1+json', ...config };
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: imageManifestType, config: described, layers: [] }),
  );
  await image.pushManifest('24-alpine', { mediaType: imageManifestType, bytes });
  await store.close();
  latest = digestOf(bytes);
});
afterAll(async () => {
  await registry.stop();
  await folder.remove();
});

/** Runs it on a file with such a base; the exit code, and the file afterwards. */
async function renew(digest: string, ...args: readonly string[]) {
  const file = path.join(folder.path, 'Containerfile');
  await writeFile(file, fileWith(digest));
  const command = ['--import', 'tsx', path.join(root, 'scripts', 'renew-base.ts'), '--http', ...args, file];
  const exitCode = await new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: root }, (error) => {
      resolve(error === null ? 0 : error.code);
    });
  });
  return { exitCode, text: await readFile(file, 'utf8') };
}

const fileWith = (digest: string) =>
  ['BASE', 'RUNTIME'].map((name) => `ARG ${name}=${registry.host}/library/node:24-alpine@${digest}\n`).join('');

describe('npm run renew-base', () => {
  it('writes the digest that the tag of the base names by now, for both stages', async () => {
    expect(await renew(old)).toEqual({ exitCode: 0, text: fileWith(latest) });
    expect(await renew(latest)).toEqual({ exitCode: 0, text: fileWith(latest) });
  });

  it('with --check only says whether it is another', async () => {
    expect(await renew(old, '--check')).toEqual({ exitCode: 1, text: fileWith(old) });
    expect((await renew(latest, '--check')).exitCode).toBe(0);
  });
});
