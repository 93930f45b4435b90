import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import openapiTypescript, { astToString } from 'openapi-typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const root = path.join(import.meta.dirname, '..', '..', '..');

/** What somebody writes against the types that are made of openapi.json. */
const program = `
import createClient from 'openapi-fetch';
import type { paths } from './api.ts';

const client = createClient<paths>({ baseUrl: process.argv[2] ?? '', pathSerializer: (path, params) =>
  path.replace(/\\{(\\w+)\\}/g, (_all, name: string) => String(params[name])) });
const base = { image: 'team/app', branch: 'edge', repository: 'main' };
const found = await client.GET('/apk/{image}/{branch}/{repository}/packages.json', { params: { path: base, query: { q: 'demo' } } });
const versions: readonly string[] = found.data?.packages.map((pkg) => pkg.version) ?? [];
const place = { ...base, arch: 'x86_64', file: 'demo-1.0-r0.apk' };
const one = await client.GET('/apk/{image}/{branch}/{repository}/{arch}/{file}.json', { params: { path: place } });
const gone = await client.GET('/apk/{image}/{branch}/{repository}/{arch}/{file}.json', {
  params: { path: { ...place, file: 'none-1.apk' } }, headers: { accept: 'application/problem+json' },
});
const code = typeof gone.error === 'object' ? gone.error.code : undefined;
console.log(JSON.stringify({ versions, digest: one.data?.digest, status: gone.response.status, code }));
`;

describe('a client that is generated from openapi.json', () => {
  let gateway: TestGateway;
  let folder: Awaited<ReturnType<typeof makeTempDir>>;

  beforeAll(async () => {
    gateway = await startGateway();
    // In the project's tree, where packages are found.
    folder = await makeTempDir(path.join(root, 'node_modules', '.generated-client-'));
    const body = anApk({ name: 'demo', version: '1.0-r0' });
    await fetch(`${gateway.url}/apk/team/app/edge/main/push`, { method: 'PUT', body });
    const document = await (await fetch(`${gateway.url}/openapi.json`)).text();
    await writeFile(path.join(folder.path, 'api.ts'), astToString(await openapiTypescript(document)));
    await writeFile(path.join(folder.path, 'client.ts'), program);
    const options = JSON.parse(await readFile(path.join(root, 'tsconfig.json'), 'utf8')) as object;
    const config = { ...options, include: undefined, files: ['client.ts'] };
    await writeFile(path.join(folder.path, 'tsconfig.json'), JSON.stringify(config));
    await writeFile(path.join(folder.path, 'package.json'), '{"type":"module"}');
  }, 120_000);
  afterAll(async () => {
    await gateway.stop();
    await folder.remove();
  });

  // Not waited for in place: the gateway that it asks is in this very process.
  const run = (script: string, ...args: string[]) =>
    promisify(execFile)(process.execPath, [path.join(root, 'node_modules', script), ...args]);

  it('compiles as strictly as the gateway itself', { timeout: 120_000 }, async () => {
    expect((await run('typescript/bin/tsc', '-p', folder.path)).stdout).toBe('');
  });

  it('finds, describes and is refused', { timeout: 60_000 }, async () => {
    const { stdout } = await run('tsx/dist/cli.mjs', path.join(folder.path, 'client.ts'), gateway.url);
    expect(JSON.parse(stdout)).toEqual({
      versions: ['1.0-r0'],
      digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      status: 404,
      code: 'PACKAGE_UNKNOWN',
    });
  });
});
