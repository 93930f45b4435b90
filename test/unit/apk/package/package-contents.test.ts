import { describe, expect, it } from 'vitest';
import { listPackageContents, type InstalledFile } from '../../../../src/apk/package/package-contents.ts';
import { anApk } from '../../../support/an-apk.ts';
import { chunked, fixtures, readFixture } from '../fixtures.ts';

async function contentsOf(bytes: Uint8Array, maxEntries?: number): Promise<InstalledFile[]> {
  const files: InstalledFile[] = [];
  const options = maxEntries === undefined ? {} : { maxEntries };
  for await (const file of listPackageContents(chunked(bytes, [100]), options)) files.push(file);
  return files;
}

describe('what a package installs', () => {
  it('is listed with folders, sizes and modes', async () => {
    const bytes = anApk({ name: 'demo', version: '1', files: { 'etc/a': 'text', 'usr/bin/b': 3000 } });
    expect(await contentsOf(bytes)).toEqual([
      { path: 'etc', kind: 'directory', size: 0, mode: 0o755 },
      { path: 'etc/a', kind: 'file', size: 4, mode: 0o644 },
      { path: 'usr', kind: 'directory', size: 0, mode: 0o755 },
      { path: 'usr/bin', kind: 'directory', size: 0, mode: 0o755 },
      { path: 'usr/bin/b', kind: 'file', size: 3000, mode: 0o644 },
    ]);
  });

  it.each(fixtures('good/', '.apk'))('can be listed of $path', async ({ path }) => {
    const files = await contentsOf(readFixture(path));
    expect(files.every((file) => !file.path.startsWith('/') && !file.path.startsWith('./'))).toBe(true);
    expect(files.some((file) => file.path.startsWith('.SIGN.'))).toBe(false);
  });

  it('tells where links point', async () => {
    const files = await contentsOf(readFixture('good/abuild-hello-2.10-r3.apk'));
    expect(files.filter(({ kind }) => kind === 'symlink' || kind === 'hardlink').every(({ target }) => target)).toBe(
      true,
    );
    expect(new Set(files.map(({ kind }) => kind))).toEqual(new Set(['directory', 'file', 'hardlink', 'symlink']));
  });

  it('ends at a limit', async () => {
    await expect(contentsOf(anApk({ name: 'demo', version: '1' }), 2)).rejects.toMatchObject({ code: 'SIZE_EXCEEDED' });
  });
});
