import { lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ifThere, isErrno } from '../../../src/files/errno.ts';
import {
  createTextFile,
  modeOf,
  readNamedFile,
  readTextFile,
  readTinyFile,
  writeTextFile,
} from '../../../src/files/text-file.ts';
import { createFile, replaceFile } from '../../../src/files/whole-file.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'whole-file-'));
  file = join(folder, 'file');
});
afterEach(() => rm(folder, { recursive: true }));

describe('a file that is written', () => {
  it('is there whole, readable to its owner alone unless it is to be others’ too', async () => {
    await replaceFile(file, (handle) => handle.writeFile('one'));
    expect([await readFile(file, 'utf8'), await modeOf(file)]).toEqual(['one', 0o600]);
    await replaceFile(file, (handle) => handle.writeFile('two'), { mode: 0o644 });
    expect([await readFile(file, 'utf8'), await modeOf(file)]).toEqual(['two', 0o644]);
  });

  it('leaves what was there, and nothing beside it, where it cannot be finished', async () => {
    await writeFile(file, 'one');
    const half = replaceFile(file, async (handle) => {
      await handle.writeFile('tw');
      throw new Error('cut off');
    });
    await expect(half).rejects.toThrow('cut off');
    expect([await readFile(file, 'utf8'), await readdir(folder)]).toEqual(['one', ['file']]);
  });

  it('is made by one of those who make it at once, and the others hear that it is there', async () => {
    const made = await Promise.all(['a', 'b', 'c'].map((text) => createFile(file, (handle) => handle.writeFile(text))));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await readdir(folder)).toEqual(['file']);
    expect(await createTextFile(file, 'late')).toBe(false);
  });

  it('goes where its link leads, into folders that are made for it', async () => {
    const real = join(folder, 'deep', 'er', 'real');
    await writeTextFile(real, 'one', { mode: 0o600, folderMode: 0o700 });
    await symlink(real, file);
    await writeTextFile(file, 'two', { mode: 0o600 });
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
    expect(await readTextFile(real)).toBe('two');
    expect((await stat(join(folder, 'deep'))).mode & 0o777).toBe(0o700);
  });
});

describe('a file that is read', () => {
  it('may not be there', async () => {
    expect(await ifThere(readTextFile(file))).toBeUndefined();
    expect(await ifThere(readTextFile(join(file, 'below')))).toBeUndefined();
    expect([await modeOf(file), readTinyFile(file, 10)]).toEqual([undefined, undefined]);
  });

  it('that has no end is not read to its end', async () => {
    await expect(readTextFile('/dev/zero')).rejects.toMatchObject({ code: 'SIZE_EXCEEDED' });
    expect(readTinyFile('/dev/zero', 100)).toBeUndefined();
  });

  it('is named by its flag where it cannot be read', async () => {
    await expect(readNamedFile(file, '--htpasswd')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^--htpasswd .*file/) as string,
    });
  });

  it.each([
    ['fits', '12345', '12345'],
    ['is one byte too long', '123456', undefined],
    ['is empty', '', ''],
  ])('and tiny is whole or nothing: it %s', async (_name, text, expected) => {
    await writeFile(file, text);
    expect(readTinyFile(file, 5)).toBe(expected);
  });
});

it('a fault of the system is told by its code, and others are none', async () => {
  const absent = await stat(file).catch((error: unknown) => error);
  expect([isErrno(absent, 'ENOENT'), isErrno(absent, 'EEXIST', 'ENOTDIR')]).toEqual([true, false]);
  expect(isErrno(Object.assign(new Error(), { code: 'ERR_STREAM_DESTROYED' }), 'ERR_STREAM_DESTROYED')).toBe(false);
});
