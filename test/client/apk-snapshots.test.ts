import { expect, it } from 'vitest';
import { describeForEachApk } from './matrix.ts';
import { dockerRegistry, embeddedStore } from './world.ts';

describeForEachApk(
  ({ aRepository, aRoot }) => {
    it('installs from a snapshot what was deleted from the branch since', async () => {
      const repository = aRepository();
      await repository.push({ name: 'tool', version: '1.0-r0', depends: ['libtool'] });
      await repository.push({ name: 'libtool', version: '1-r0' });
      const snapshot = repository.base.replace(/\/([^/]+)\/([^/]+)$/, '/$1@pinned/$2');
      expect((await fetch(snapshot, { method: 'PUT' })).status).toBe(201);
      await repository.push({ name: 'tool', version: '2.0-r0' });
      for (const file of ['tool-1.0-r0.apk', 'libtool-1-r0.apk']) await repository.withdraw(`x86_64/${file}`);

      const root = await aRoot();
      await root.setUp(snapshot);
      await root.mustApk(['-U', 'add', 'tool']);
      expect(await root.read('usr/share/tool/about')).toBe('tool 1.0-r0\n');
      expect(await root.read('usr/share/libtool/about')).toBe('libtool 1-r0\n');
    });

    it('installs a pinned version from a snapshot while the branch is pruned', async () => {
      const repository = aRepository();
      for (const version of ['1-r0', '2-r0']) await repository.push({ name: 'tool', version });
      const snapshot = repository.base.replace('/edge/', '/edge@pinned/');
      expect((await fetch(snapshot, { method: 'PUT' })).status).toBe(201);
      const root = await aRoot();
      await root.setUp(snapshot);
      await root.mustApk(['-U', 'add', 'tool=1-r0']);
      for (const version of ['3-r0', '4-r0']) await repository.push({ name: 'tool', version });
      await repository.change('prune', { keep: 1 });
      await repository.change('delete', { files: ['tool-1-r0.apk', 'tool-2-r0.apk', 'tool-3-r0.apk'], now: true });
      await root.mustApk(['-U', 'fix', '--reinstall', 'tool']);
      expect(await root.read('usr/share/tool/about')).toBe('tool 1-r0\n');
      await root.mustApk(['-U', 'add', 'tool=2-r0']);
      expect(await root.read('usr/share/tool/about')).toBe('tool 2-r0\n');
      expect((await root.apk(['-U', 'add', 'tool=4-r0'])).exitCode).not.toBe(0);
    });
  },
  { stores: [embeddedStore, dockerRegistry] },
);
