import { describe, expect, it } from 'vitest';
import type { InstalledFile } from '../../../../src/apk/package/package-contents.ts';
import { listPackageV3Contents } from '../../../../src/apk/package-v3/package-v3-contents.ts';
import { aV3Apk } from '../../../support/a-v3-apk.ts';
import { chunked, fixtures, readFixture } from '../fixtures.ts';

async function contentsOf(bytes: Uint8Array, options = {}): Promise<InstalledFile[]> {
  const files: InstalledFile[] = [];
  for await (const file of listPackageV3Contents(chunked(bytes, [100]), options)) files.push(file);
  return files;
}

describe('what a v3 package installs', () => {
  it('is listed with folders, sizes, modes and targets', async () => {
    expect(await contentsOf(readFixture('v3/v3-hello-1.2.3-r4.apk'))).toEqual([
      { path: 'etc', kind: 'directory', size: 0, mode: 0o755 },
      { path: 'etc/v3.conf', kind: 'file', size: 4, mode: 0o644 },
      { path: 'usr', kind: 'directory', size: 0, mode: 0o755 },
      { path: 'usr/bin', kind: 'directory', size: 0, mode: 0o755 },
      { path: 'usr/bin/v3-hello', kind: 'file', size: 18, mode: 0o755 },
      { path: 'usr/bin/v3-link', kind: 'symlink', size: 0, mode: 0o777, target: 'v3-hello' },
    ]);
  });

  it.each(fixtures('v3/', '.apk'))('can be listed of $path', async ({ path }) => {
    await expect(contentsOf(readFixture(path))).resolves.toBeInstanceOf(Array);
  });

  it('is known before the data is there', async () => {
    const file = aV3Apk({ files: { 'usr/a': 'x'.repeat(100_000) } });
    expect(await contentsOf(file.subarray(0, 1000))).toHaveLength(2);
  });

  it('ends at a limit', async () => {
    await expect(contentsOf(aV3Apk(), { maxEntries: 1 })).rejects.toMatchObject({ code: 'SIZE_EXCEEDED' });
  });
});
