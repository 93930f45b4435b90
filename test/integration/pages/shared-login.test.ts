import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { startGateway } from '../../support/gateway.ts';
import { htpasswdOf } from '../../support/registry.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const html = { accept: 'text/html' };

it('keeps a browser logged in on every replica that signs with the same key file', async () => {
  const folder = await makeTempDir();
  const users = path.join(folder.path, 'users');
  await writeFile(users, await htpasswdOf({ ci: 's3cret' }));
  const settings = { htpasswd: users, data: path.join(folder.path, 'data') };
  const replicas = await Promise.all([startGateway({ settings }), startGateway({ settings })]);
  const [one, other] = replicas.map(({ url }) => url);
  const authorization = `Basic ${Buffer.from('ci:s3cret').toString('base64')}`;
  const body = anApk({ name: 'hello', version: '1.0-r0' });
  await fetch(`${one}/apk/team/app/edge/main/push`, { method: 'PUT', headers: { authorization }, body });
  const answer = await fetch(`${one}/_auth/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { ...html, origin: one! },
    body: new URLSearchParams({ username: 'ci', password: 's3cret', next: '/_images/team/app' }),
  });
  expect(answer.status).toBe(303);
  const [cookie = ''] = answer.headers.get('set-cookie')?.split(';') ?? [];
  const page = await fetch(`${other}/_images/team/app`, { headers: { ...html, cookie } });
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('Log out');
  for (const replica of replicas) await replica.stop();
  await folder.remove();
});
