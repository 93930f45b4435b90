import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  repositoriesFileOf,
  suitedIndex,
  withRepositoryLine,
} from '../../../../src/cli/lkar/commands/repositories-file.ts';
import { makeTempDir } from '../../../support/temp-dir.ts';

const url = new URL('https://apk.example.org/apk/team/app/edge/main');
const login = { username: 'me', password: "p@ss:w/rd #1\n'" };

async function aRoot(...files: readonly string[]): Promise<string> {
  const folder = await makeTempDir();
  onTestFinished(() => folder.remove());
  for (const file of files) {
    await mkdir(path.join(folder.path, path.dirname(file)), { recursive: true });
    await writeFile(path.join(folder.path, file), '');
  }
  return folder.path;
}

describe('a system that is set up', () => {
  it.each<[string, string[], string, string]>([
    ['Alpine with apk 2', ['usr/lib/libapk.so.2.14.0'], 'v2', 'etc/apk/repositories'],
    ['Alpine with apk 3', ['usr/lib/libapk.so.3.0.0'], 'v3', 'etc/apk/repositories'],
    ['an older place of apk 3', ['lib/libapk.so.3.0.0'], 'v3', 'etc/apk/repositories'],
    ['OpenWrt', ['etc/openwrt_release'], 'v3', 'etc/apk/repositories.d/customfeeds.list'],
    ['nothing yet', [], 'v2', 'etc/apk/repositories'],
  ])('is given the index that suits it: %s', async (_name, files, index, list) => {
    const root = await aRoot(...files);
    expect(await suitedIndex({ root })).toBe(index);
    expect(repositoriesFileOf(root)).toBe(path.join(root, list));
    expect(await suitedIndex({ root, index: 'v3' })).toBe('v3');
    expect(await suitedIndex({ root, index: 'v2' })).toBe('v2');
    await expect(suitedIndex({ root, index: 'v4' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });
});

describe('the line in /etc/apk/repositories', () => {
  it('is added behind the others, which stay as they are', () => {
    const before = '# mirrors\n\nhttps://dl.example.org/main\n@testing https://apk.example.org/apk/team/app/edge/main';
    expect(withRepositoryLine(before, 'v2', url, undefined)).toBe(`${before}\n${url.href}\n`);
    expect(withRepositoryLine('', 'v2', url, undefined)).toBe(`${url.href}\n`);
  });

  it('is added once', () => {
    const once = withRepositoryLine('https://dl.example.org/main\n', 'v2', url, undefined);
    expect(withRepositoryLine(once, 'v2', url, undefined)).toBe(once);
  });

  it('takes the place of one with other credentials, and of all further ones', () => {
    const before = `https://old:secret@${url.host}${url.pathname}/\nhttps://dl.example.org/main\n${url.href}\n`;
    expect(withRepositoryLine(before, 'v2', url, undefined)).toBe(`${url.href}\nhttps://dl.example.org/main\n`);
  });

  it('is one line whichever index it names, and becomes the one that is asked for', () => {
    const v3 = withRepositoryLine(`https://dl.example.org/main\n${url.href}\n`, 'v3', url, undefined);
    expect(v3).toBe(`https://dl.example.org/main\nv3 ${url.href}\n`);
    expect(withRepositoryLine(v3, 'v3', url, undefined)).toBe(v3);
    expect(withRepositoryLine(v3, 'v2', url, undefined)).toBe(`https://dl.example.org/main\n${url.href}\n`);
    expect(withRepositoryLine('', 'v3', url, login)).toMatch(/^v3 https:\/\/me:[^ ]+\n$/);
  });

  it('escapes a password so that it can end neither the URL nor the line', () => {
    const text = withRepositoryLine('', 'v2', url, login);
    expect(text.split('\n')).toHaveLength(2);
    const parsed = new URL(text.trim());
    expect(decodeURIComponent(parsed.password)).toBe(login.password);
    expect(parsed.host).toBe(url.host);
  });
});
