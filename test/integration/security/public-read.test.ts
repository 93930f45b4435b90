import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { htpasswdOf } from '../../support/registry.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const as = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

describe('an embedded store that everybody reads and only its users push to', () => {
  let folder: Awaited<ReturnType<typeof makeTempDir>>;
  let gateway: TestGateway;
  const base = () => `${gateway.url}/apk/team/app/edge/main`;
  const push = async (name: string, headers: Record<string, string>) =>
    (await fetch(`${base()}/push`, { method: 'PUT', headers, body: anApk({ name, version: '1.0-r0' }) })).status;

  beforeAll(async () => {
    folder = await makeTempDir();
    const users = path.join(folder.path, 'users');
    await writeFile(users, await htpasswdOf({ ci: 's3cret' }));
    gateway = await startGateway({
      settings: { htpasswd: users, 'public-read': true },
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await folder.remove();
  });

  it('takes packages of its users, and of nobody else', async () => {
    expect(await push('hello', {})).toBe(401);
    expect(await push('hello', as('ci', 'wrong'))).toBe(401);
    expect(await push('hello', as('ci', 's3cret'))).toBe(201);
    const remove = (headers: Record<string, string>) =>
      fetch(`${base()}/x86_64/hello-1.0-r0.apk`, { method: 'DELETE', headers });
    expect((await remove({})).status).toBe(401);
  });

  it.each(['setup', 'key', 'x86_64/APKINDEX.tar.gz', 'x86_64/hello-1.0-r0.apk', 'packages.json'])(
    'gives everybody %s',
    async (file) => {
      expect((await fetch(`${base()}/${file}`)).status).toBe(200);
    },
  );

  it('lists its images to everybody, and still judges who gives a password', async () => {
    expect(await (await fetch(`${gateway.url}/_images`)).text()).toContain('team/app');
    expect((await fetch(`${base()}/packages.json`, { headers: as('ci', 'wrong') })).status).toBe(401);
    expect((await fetch(`${base()}/packages.json`, { headers: as('ci', 's3cret') })).status).toBe(200);
  });
});
