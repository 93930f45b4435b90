import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { describeForEachApk } from './matrix.ts';
import { distribution3, dockerRegistry, embeddedStore, repositoryAt } from './world.ts';

describeForEachApk(
  ({ aRepository, aRoot, world }) => {
    it('sets a machine up by the served script, updates and adds what was pushed', async () => {
      const repository = aRepository();
      await repository.push({ name: 'hello', version: '1.0-r0', files: { 'usr/share/hello/text': 'hello, world\n' } });
      const root = await aRoot();
      await root.setUp(repository.base);
      expect(await root.mustApk(['update'])).toContain('OK: 1 distinct packages available');
      await root.mustApk(['add', 'hello']);
      expect(await root.read('usr/share/hello/text')).toBe('hello, world\n');
      expect(await root.mustApk(['info', '-v'])).toContain('hello-1.0-r0');
    });

    it('adds an older version by its number, and upgrades to one pushed later', async () => {
      const repository = aRepository();
      await repository.push({ name: 'tool', version: '1.9-r0' });
      await repository.push({ name: 'tool', version: '1.10-r0' });
      const root = await aRoot();
      await root.setUp(repository.base);
      await root.mustApk(['-U', 'add', 'tool=1.9-r0']);
      expect(await root.read('usr/share/tool/about')).toBe('tool 1.9-r0\n');
      await root.mustApk(['add', '--upgrade', 'tool']);
      expect(await root.read('usr/share/tool/about')).toBe('tool 1.10-r0\n');
      await repository.push({ name: 'tool', version: '1.10-r1' });
      await root.mustApk(['-U', 'upgrade']);
      expect(await root.read('usr/share/tool/about')).toBe('tool 1.10-r1\n');
    });

    it('fetches a package byte for byte', async () => {
      const repository = aRepository();
      const bytes = await repository.push({ name: 'blob', version: '3-r7', dataBytes: 6_000_000 });
      const root = await aRoot();
      await root.setUp(repository.base);
      await root.mustApk(['update']);
      await root.mustApk(['fetch', '--output', root.path, 'blob']);
      expect((await readFile(path.join(root.path, 'blob-3-r7.apk'))).equals(bytes)).toBe(true);
    });

    it('deletes what it added, files included', async () => {
      const repository = aRepository();
      await repository.push({ name: 'gone', version: '1-r0' });
      const root = await aRoot();
      await root.setUp(repository.base);
      await root.mustApk(['-U', 'add', 'gone']);
      await root.mustApk(['del', 'gone']);
      expect(await root.read('usr/share/gone/about')).toBeUndefined();
      expect(await root.mustApk(['info'])).not.toContain('gone');
    });

    it('no longer lists or adds what was withdrawn, and keeps the rest', async () => {
      const repository = aRepository();
      await repository.push({ name: 'stays', version: '1-r0' });
      await repository.push({ name: 'bad', version: '1-r0' });
      await repository.push({ name: 'bad', version: '2-r0' });
      const root = await aRoot();
      await root.setUp(repository.base);
      await root.mustApk(['update']);
      expect(await root.mustApk(['search'])).toContain('bad-2-r0');
      await repository.withdraw('x86_64/bad-2-r0.apk');
      await root.mustApk(['-U', 'add', 'bad']);
      expect(await root.read('usr/share/bad/about')).toBe('bad 1-r0\n');
      await root.mustApk(['del', 'bad']);
      await repository.withdraw('x86_64/bad-1-r0.apk');
      expect((await root.apk(['-U', 'add', 'bad'])).exitCode).not.toBe(0);
      expect((await root.mustApk(['search'])).match(/^\S+-r\d+$/gm)).toEqual(['stays-1-r0']);
    });

    it('says so where its index still lists what was deleted for good', async () => {
      const repository = aRepository();
      for (const name of ['stays', 'gone']) await repository.push({ name, version: '1-r0' });
      const root = await aRoot();
      await root.setUp(repository.base);
      await root.mustApk(['update']);
      await repository.withdraw('x86_64/gone-1-r0.apk?now');
      const { exitCode, output } = await root.apk(['add', 'gone']);
      expect([exitCode === 0, output]).toEqual([false, expect.stringContaining('gone-1-r0')]);
      await root.mustApk(['-U', 'add', 'stays', '!gone']);
    });

    it('finds through one gateway, within moments, what was pushed to another on the same store', async () => {
      const repository = aRepository();
      await repository.push({ name: 'tool', version: '1-r0' });
      const other = repositoryAt(repository.base.replace(world().url, await world().startAnother({})));
      const root = await aRoot();
      await root.setUp(other.base);
      await root.mustApk(['-U', 'add', 'tool']);
      await repository.push({ name: 'tool', version: '2-r0' });
      await vi.waitFor(() => root.mustApk(['-U', 'add', 'tool>1-r0']), { timeout: 10_000, interval: 200 });
      expect(await root.read('usr/share/tool/about')).toBe('tool 2-r0\n');
    });

    it('updates from an empty repository once its last package was withdrawn', async () => {
      const repository = aRepository();
      await repository.push({ name: 'only', version: '1-r0' });
      const root = await aRoot();
      await root.setUp(repository.base);
      await root.mustApk(['update']);
      await repository.withdraw('x86_64/only-1-r0.apk');
      await root.mustApk(['-U', 'upgrade']);
      expect(await root.mustApk(['search'])).not.toContain('only');
    });
  },
  { stores: [embeddedStore, dockerRegistry, distribution3] },
);
