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
  },
  { stores: [embeddedStore, dockerRegistry] },
);
