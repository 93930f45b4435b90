import { expect, it } from 'vitest';
import { describeForEachApk } from './matrix.ts';
import { dockerRegistry, embeddedStore, registryWithoutDeletes } from './world.ts';

describeForEachApk(
  ({ aRepository, aRoot, world }) => {
    /** A machine that has the index of now, which lists two packages. */
    const anOlderIndex = async () => {
      const repository = aRepository();
      for (const name of ['tool', 'other']) await repository.push({ name, version: '1-r0' });
      const root = await aRoot();
      await root.setUp(repository.base);
      await root.mustApk(['update']);
      return { repository, root };
    };

    it('adds by an index from before what was deleted meanwhile, and by the next one no more', async () => {
      const { repository, root } = await anOlderIndex();
      await repository.withdraw('x86_64/tool-1-r0.apk');
      await root.mustApk(['add', 'tool']);
      expect(await root.read('usr/share/tool/about')).toBe('tool 1-r0\n');
      await root.mustApk(['del', 'tool']);
      expect((await root.apk(['-U', 'add', 'tool'])).exitCode).not.toBe(0);
      await root.mustApk(['add', 'other']);
    });

    it('adds it through another gateway as well, and no more once it is gone for good', async () => {
      const { repository, root } = await anOlderIndex();
      await repository.change('delete', { names: ['tool'] });
      const other = await world().startAnother({});
      const file = `${repository.base.replace(world().url, other)}/x86_64/tool-1-r0.apk`;
      expect((await fetch(file)).headers.get('x-lkard-kept')).toMatch(/^deleted; until=/);
      await repository.change('delete', { names: ['tool'], now: true });
      expect((await fetch(file)).status).toBe(404);
      expect((await root.apk(['add', 'tool'])).exitCode).not.toBe(0);
    });

    it('finds nothing of what was withdrawn, and the very same once it was restored', async () => {
      const { repository, root } = await anOlderIndex();
      const file = `${repository.base}/x86_64/tool-1-r0.apk`;
      const etag = (await fetch(file)).headers.get('etag');
      await repository.change('withdraw', { names: ['tool'], reason: 'breaks booting', now: true });
      expect((await root.apk(['-U', 'add', 'tool'])).exitCode).not.toBe(0);
      expect((await fetch(file)).status).toBe(404);
      const { packages } = (await (await fetch(`${repository.base}/withdrawn.json`)).json()) as { packages: unknown[] };
      expect(packages).toMatchObject([{ name: 'tool', reason: 'breaks booting' }]);
      await repository.change('restore', { names: ['tool'] });
      await root.mustApk(['-U', 'add', 'tool']);
      expect(await root.read('usr/share/tool/about')).toBe('tool 1-r0\n');
      expect((await fetch(file)).headers.get('etag')).toBe(etag);
    });
  },
  { stores: [embeddedStore, dockerRegistry, registryWithoutDeletes] },
);
