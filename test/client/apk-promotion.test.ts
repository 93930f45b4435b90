import { expect, it } from 'vitest';
import { describeForEachApk } from './matrix.ts';
import { dockerRegistry, embeddedStore, repositoryAt } from './world.ts';

/** The coordinates in the address of a repository. */
function placeOf(base: string) {
  const segments = new URL(base).pathname.split('/').slice(2);
  const [branch = '', repository = ''] = segments.splice(-2);
  return { image: segments.join('/'), branch, repository };
}

describeForEachApk(
  ({ aRepository, aRoot }) => {
    it('adds what was promoted to another image, with what it needs', async () => {
      const source = aRepository();
      await source.push({ name: 'lib', version: '1-r0' });
      await source.push({ name: 'tool', version: '1.9-r0', depends: ['lib'] });
      await source.push({ name: 'tool', version: '1.10-r0', depends: ['lib'] });
      const from = placeOf(source.base);
      const target = repositoryAt(source.base.replace(from.image, `${from.image}-released`));
      await target.change('promote', { from, packages: ['tool'], withDependencies: true });
      const root = await aRoot();
      await root.setUp(target.base);
      expect(await root.mustApk(['update'])).toContain('OK: 2 distinct packages available');
      await root.mustApk(['add', 'tool']);
      expect(await root.read('usr/share/tool/about')).toBe('tool 1.10-r0\n');
      expect(await root.read('usr/share/lib/about')).toBe('lib 1-r0\n');
    });

    it('adds what was promoted from a snapshot after the branch lost it', async () => {
      const source = aRepository();
      for (const name of ['tool', 'lib']) {
        await source.push({ name, version: '1-r0', depends: name === 'tool' ? ['lib'] : [] });
      }
      const from = placeOf(source.base);
      const snapshot = { ...from, branch: `${from.branch}@kept` };
      const kept = await fetch(source.base.replace(`/${from.branch}/`, `/${snapshot.branch}/`), { method: 'PUT' });
      expect(kept.status).toBe(201);
      await source.change('delete', { files: ['tool-1-r0.apk', 'lib-1-r0.apk'], now: true });
      const target = repositoryAt(source.base.replace(from.image, `${from.image}-released`));
      await target.change('promote', { from: snapshot, packages: ['tool'], withDependencies: true });
      const root = await aRoot();
      await root.setUp(target.base);
      await root.mustApk(['-U', 'add', 'tool']);
      expect(await root.read('usr/share/lib/about')).toBe('lib 1-r0\n');
    });

    it('adds what was moved between two branches, and the newest of what was pruned', async () => {
      const source = aRepository();
      for (const version of ['1.9-r0', '1.10-r0', '1.11-r0']) await source.push({ name: 'tool', version });
      const from = placeOf(source.base);
      const target = repositoryAt(source.base.replace(`/${from.branch}/`, '/stable/'));
      await target.change('promote', { from, packages: ['tool=1.10-r0'], move: true });
      await source.change('prune', { keep: 1 });
      const [stable, edge] = [await aRoot(), await aRoot()];
      await stable.setUp(target.base);
      await stable.mustApk(['-U', 'add', 'tool']);
      expect(await stable.read('usr/share/tool/about')).toBe('tool 1.10-r0\n');
      await edge.setUp(source.base);
      expect(await edge.mustApk(['update'])).toContain('OK: 1 distinct packages available');
      await edge.mustApk(['add', 'tool']);
      expect(await edge.read('usr/share/tool/about')).toBe('tool 1.11-r0\n');
    });
  },
  { stores: [embeddedStore, dockerRegistry] },
);
