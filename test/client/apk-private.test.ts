import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { keyFixture } from '../support/signing-keys.ts';
import { describeForEachApk } from './matrix.ts';
import { basicAuth } from './world.ts';

const users = { alice: 'open sesame', bob: 'p@ss:w/rd?%20#+', ci: 'one-word' };
const alice = basicAuth('alice', users.alice);

describeForEachApk(
  ({ aRepository, aRoot, world }) => {
    it.each(Object.entries(users))('sets up for %s with a password in the URL', async (name, password) => {
      const repository = aRepository(basicAuth(name, password));
      await repository.push({ name: 'secret', version: '1-r0', arch: 'noarch' });
      const root = await aRoot();
      const printed = await root.setUp(repository.base, { user: `${name}:${password}` });
      expect(printed).not.toContain(password);
      expect((await stat(path.join(root.path, 'etc/apk/repositories'))).mode & 0o777).toBe(0o600);
      const { output } = await root.apk(['-U', 'add', 'secret']);
      expect(output).not.toContain(password);
      expect(await root.read('usr/share/secret/about')).toBe('secret 1-r0\n');
    });

    it('reads with the credentials in HTTP_AUTH, which apk sends when asked to', async () => {
      const repository = aRepository(alice);
      await repository.push({ name: 'secret', version: '1-r0' });
      const root = await aRoot();
      await root.trust(keyFixture('test-only-2048.rsa.pub'));
      await root.addRepository(repository.base);
      const env = { HTTP_AUTH: `basic:*:alice:${users.alice}` };
      await root.mustApk(['update'], env);
      await root.mustApk(['add', 'secret'], env);
      expect(await root.read('usr/share/secret/about')).toBe('secret 1-r0\n');
      await repository.push({ name: 'secret', version: '2-r0' });
      await root.mustApk(['-U', 'upgrade'], env);
      expect(await root.read('usr/share/secret/about')).toBe('secret 2-r0\n');
    });

    it('reads with the credentials in a netrc file', async () => {
      const repository = aRepository(alice);
      await repository.push({ name: 'secret', version: '1-r0' });
      const root = await aRoot();
      await root.trust(keyFixture('test-only-2048.rsa.pub'));
      await root.addRepository(repository.base);
      const netrc = path.join(root.path, 'netrc');
      await writeFile(netrc, `machine ${new URL(world().url).hostname} login ci password ${users.ci}\n`);
      await root.mustApk(['-U', 'add', 'secret'], { NETRC: netrc });
      expect(await root.read('usr/share/secret/about')).toBe('secret 1-r0\n');
    });

    it.each([
      ['no password', {}],
      ['a wrong password', { HTTP_AUTH: 'basic:*:alice:guess' }],
    ])('gives nothing to a machine with %s', async (_, env) => {
      const repository = aRepository(alice);
      await repository.push({ name: 'secret', version: '1-r0' });
      const root = await aRoot();
      await root.trust(keyFixture('test-only-2048.rsa.pub'));
      await root.addRepository(repository.base);
      expect((await root.apk(['update'], env)).exitCode).not.toBe(0);
      expect((await root.apk(['add', 'secret'], env)).exitCode).not.toBe(0);
      expect(await root.mustApk(['search'], env)).not.toContain('secret-1-r0');
      await expect(root.setUp(repository.base)).rejects.toThrow('401');
    });
  },
  { users },
);
