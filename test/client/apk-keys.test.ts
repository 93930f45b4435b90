import path from 'node:path';
import { expect, it } from 'vitest';
import { keyFixture } from '../support/signing-keys.ts';
import { describeForEachApk } from './matrix.ts';
import { repositoryAt } from './world.ts';

const [old, recent] = ['test-only-2048.rsa', 'test-only-4096.rsa'] as const;
const signedBy = (...names: readonly string[]) => ({ 'signing-key': names.map(keyFixture) });

describeForEachApk(
  ({ world, aRepository, aRoot, aWorld }) => {
    it.each([old, recent])('trusts an index of two signatures by %s alone', async (name) => {
      const repository = aRepository();
      await repository.push({ name: 'hello', version: '1-r0' });
      const root = await aRoot();
      await root.trust(keyFixture(`${name}.pub`));
      await root.addRepository(repository.base);
      await root.mustApk(['-U', 'add', 'hello']);
      expect(await root.read('usr/share/hello/about')).toBe('hello 1-r0\n');
    });

    it('refuses the index where it trusts neither key', async () => {
      const repository = aRepository();
      await repository.push({ name: 'hello', version: '1-r0' });
      const root = await aRoot();
      await root.trust(keyFixture('test-only-untrusted.rsa.pub'));
      await root.addRepository(repository.base);
      const { exitCode, output } = await root.apk(['-U', 'add', 'hello']);
      expect([exitCode === 0, output]).toEqual([false, expect.stringContaining('UNTRUSTED')]);
    });

    it('goes on through a change of keys where it was set up while both signed', async () => {
      const repository = aRepository();
      await repository.push({ name: 'hello', version: '1-r0' });
      const [early, between] = [await aRoot(), await aRoot()];
      await early.trust(keyFixture(`${old}.pub`));
      await between.setUp(repository.base);
      expect(await between.read(`etc/apk/keys/${recent}.pub`)).toContain('BEGIN PUBLIC KEY');
      const after = await world().startAnother(signedBy(recent));
      const moved = repositoryAt(repository.base.replace(world().url, after));
      await moved.push({ name: 'hello', version: '2-r0' });
      for (const root of [early, between]) await root.addRepository(moved.base);
      await between.mustApk(['-U', 'add', 'hello=2-r0']);
      // The old gateway signed what is stored, the new one re-signs it when it pushes: only its own key is left.
      expect((await early.apk(['-U', 'add', 'hello=2-r0'])).exitCode).not.toBe(0);
    });

    it('installs from a snapshot that was made before a change of keys, by the keys of the gateway that serves it', async () => {
      const repository = aRepository();
      await repository.push({ name: 'hello', version: '1-r0' });
      const snapshotOf = (base: string) => base.replace(/\/([^/]+)\/([^/]+)$/, '/$1@kept/$2');
      expect((await fetch(snapshotOf(repository.base), { method: 'PUT' })).status).toBe(201);
      await repository.change('delete', { files: ['hello-1-r0.apk'], now: true });
      const [early, late] = [await aRoot(), await aRoot()];
      await early.trust(keyFixture(`${old}.pub`));
      const after = await world().startAnother(signedBy(recent));
      const moved = snapshotOf(repository.base.replace(world().url, after));
      await early.addRepository(moved);
      const refused = await early.apk(['-U', 'add', 'hello']);
      expect([refused.exitCode === 0, refused.output]).toEqual([false, expect.stringContaining('UNTRUSTED')]);
      // The setup script brings the new key, as for any repository.
      await late.setUp(moved);
      expect(await late.read(`etc/apk/keys/${recent}.pub`)).toContain('BEGIN PUBLIC KEY');
      await late.mustApk(['-U', 'add', 'hello']);
      expect(await late.read('usr/share/hello/about')).toBe('hello 1-r0\n');
    });

    it('is set up with a key that the gateway made for itself', async () => {
      const own = await aWorld({ settings: { 'signing-key': [] } });
      const repository = repositoryAt(`${own.url}/apk/team/own/edge/main`);
      await repository.push({ name: 'hello', version: '1-r0' });
      const root = await aRoot();
      await root.setUp(repository.base);
      await root.mustApk(['-U', 'add', 'hello']);
      const disposition = (await fetch(`${repository.base}/key`)).headers.get('content-disposition') ?? '';
      const keyName = disposition.replace('attachment; filename=', '');
      const named = await fetch(`${repository.base}/${keyName}`);
      expect(await root.read(path.join('etc/apk/keys', keyName))).toBe(await named.text());
    }, 120_000);
  },
  { settings: signedBy(old, recent) },
);
