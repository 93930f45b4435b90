import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPrograms, runBin } from '../../support/programs.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const bin = path.join(import.meta.dirname, '..', '..', '..', 'bin');
let folder: Awaited<ReturnType<typeof makeTempDir>>;

beforeAll(async () => {
  await buildPrograms();
  folder = await makeTempDir();
  mkdirSync(path.join(folder.path, 'bin'));
  for (const name of ['lkar', 'lkard']) symlinkSync(path.join(bin, `${name}.js`), path.join(folder.path, 'bin', name));
  writeFileSync(path.join(folder.path, 'hello.apk'), '');
}, 120_000);
afterAll(() => folder.remove());

/** What a bash without anything else offers behind this line, sourced twice; `files` where it goes on with file names. */
const offered = (line: string, program = 'lkar') => {
  const script = `
    set -e
    source <(${program} completion bash); source <(${program} completion bash)
    compopt() { isWithoutFiles=1; }
    COMP_LINE='${line}' COMP_POINT=${line.length}
    _${program}_complete
    [[ \${#COMPREPLY[@]} -eq 0 ]] || printf '%s\\n' "\${COMPREPLY[@]}"
    [[ -n $isWithoutFiles ]] || echo files
  `;
  const PATH = `${path.join(folder.path, 'bin')}:${process.env['PATH'] ?? ''}`;
  return execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8', env: { PATH }, cwd: folder.path })
    .trim()
    .split('\n');
};

describe('bash completes', () => {
  it('commands', () => {
    expect(offered('lkar pu')).toEqual(['push', 'pull']);
    expect(offered('lkard ver', 'lkard')).toEqual(['verify']);
  });

  it('options and what they take', () => {
    expect(offered('lkar push --wait-')).toEqual(['--wait-timeout']);
    expect(offered('lkar ls -o j')).toEqual(['json']);
  });

  it('file names where files are taken, and nowhere else', () => {
    expect(offered('lkar push 127.0.0.1:9887/app edge main ')).toEqual(['files']);
    expect(offered('lkar apk push localhost/app edge main a.apk he')).toEqual(['files']);
    expect(offered('lkar pull localhost/app edge/main/x/a.apk -o ')).toEqual(['files']);
    expect(offered('lkar --ca-file ')).toEqual(['files']);
    expect(offered('lkard --data ', 'lkard')).toEqual(['files']);
    expect(offered('lkard --tls-cert a --signing-key ', 'lkard')).toEqual(['files']);
    expect(offered('lkar push ')).toEqual(['']);
  });
});

it.each(['bash', 'zsh', 'fish', 'powershell'])('there is a script for %s', async (shell) => {
  expect(await runBin('lkar', ['completion', shell])).toMatchObject({
    ...{ exitCode: 0, stderr: '' },
    stdout: expect.stringContaining('lkar complete') as string,
  });
});
