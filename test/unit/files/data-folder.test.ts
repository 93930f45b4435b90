import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDataFolder } from '../../../src/files/data-folder.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

let folder: Awaited<ReturnType<typeof makeTempDir>>;
beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(() => folder.remove());

it('a folder of data is made with those above it, for its owner alone, and left empty', async () => {
  const data = path.join(folder.path, 'a', 'b');
  await Promise.all([openDataFolder(data, '--data'), openDataFolder(data, '--data')]);
  expect((await stat(data)).mode & 0o777).toBe(0o700);
  expect(await readdir(data)).toEqual([]);
});

it.each(['/proc/nope', '/proc/nope/deeper', '/sys/kernel'])('%s is refused with the reason', async (place) => {
  await expect(openDataFolder(place, '--data')).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/^--data \S+ can't be written: E[A-Z]+/) as string,
  });
});

it('a file in its place is refused', async () => {
  await mkdir(path.join(folder.path, 'x'));
  const file = path.join(folder.path, 'x', 'file');
  await writeFile(file, '');
  for (const place of [file, path.join(file, 'below')]) {
    await expect(openDataFolder(place, '--data')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  }
});
