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

    it('adds by an index of almost four hours ago, and looks for a newer one itself after that', async () => {
      const { repository, root } = await anOlderIndex();
      await repository.withdraw('x86_64/tool-1-r0.apk');
      await root.ageIndexes(3.9 * 3_600_000);
      await root.mustApk(['add', 'tool']);
      await root.mustApk(['del', 'tool']);
      await root.ageIndexes(4.1 * 3_600_000);
      const refused = await root.apk(['add', 'tool']);
      expect([refused.exitCode === 0, refused.output]).toEqual([false, expect.stringMatching(/no such package/)]);
    });

    it('fails at once by such an index where the bytes were to be gone', async () => {
      const { repository, root } = await anOlderIndex();
      await repository.change('delete', { names: ['tool'], now: true });
      const refused = await root.apk(['add', 'tool']);
      expect([refused.exitCode === 0, refused.output]).toEqual([false, expect.not.stringMatching(/no such package/)]);
    });

    it('goes down to what a rollback brought back, and up again', async () => {
      const repository = aRepository();
      await repository.push({ name: 'tool', version: '1-r0' });
      const snapshot = repository.base.replace('/edge/', '/edge@good/');
      expect((await fetch(snapshot, { method: 'PUT' })).status).toBe(201);
      const root = await aRoot();
      await root.setUp(repository.base);
      const version = () => root.read('usr/share/tool/about');
      await repository.push({ name: 'tool', version: '2-r0' });
      await root.mustApk(['-U', 'add', 'tool']);
      expect(await version()).toBe('tool 2-r0\n');
      await repository.change('rollback', { snapshot: 'good' });
      await root.mustApk(['-U', 'upgrade', '--available']);
      expect(await version()).toBe('tool 1-r0\n');
      await repository.push({ name: 'tool', version: '3-r0' });
      await root.mustApk(['-U', 'upgrade']);
      expect(await version()).toBe('tool 3-r0\n');
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
