import { describe, expect, it } from 'vitest';
import { withRepositoryLine } from '../../../../src/cli/lkar/commands/repositories-file.ts';

const url = new URL('https://apk.example.org/apk/team/app/edge/main');
const login = { username: 'me', password: "p@ss:w/rd #1\n'" };

describe('the line in /etc/apk/repositories', () => {
  it('is added behind the others, which stay as they are', () => {
    const before = '# mirrors\n\nhttps://dl.example.org/main\n@testing https://apk.example.org/apk/team/app/edge/main';
    expect(withRepositoryLine(before, url, undefined)).toBe(`${before}\n${url.href}\n`);
    expect(withRepositoryLine('', url, undefined)).toBe(`${url.href}\n`);
  });

  it('is added once', () => {
    const once = withRepositoryLine('https://dl.example.org/main\n', url, undefined);
    expect(withRepositoryLine(once, url, undefined)).toBe(once);
  });

  it('takes the place of one with other credentials, and of all further ones', () => {
    const before = `https://old:secret@${url.host}${url.pathname}/\nhttps://dl.example.org/main\n${url.href}\n`;
    expect(withRepositoryLine(before, url, undefined)).toBe(`${url.href}\nhttps://dl.example.org/main\n`);
  });

  it('escapes a password so that it can end neither the URL nor the line', () => {
    const text = withRepositoryLine('', url, login);
    expect(text.split('\n')).toHaveLength(2);
    const parsed = new URL(text.trim());
    expect(decodeURIComponent(parsed.password)).toBe(login.password);
    expect(parsed.host).toBe(url.host);
  });
});
