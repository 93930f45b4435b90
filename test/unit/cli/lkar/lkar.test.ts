import { describe, expect, it } from 'vitest';
import { runLkar } from '../../../../src/cli/lkar/lkar.ts';
import { aTerminal } from '../../../support/a-terminal.ts';

const run = async (...args: string[]) => {
  const terminal = aTerminal();
  const exitCode = await runLkar(args, terminal);
  return { exitCode, printed: terminal.printed(), said: terminal.said() };
};

describe('lkar', () => {
  it.each([
    [[]],
    [['no-such-command']],
    [['push', 'localhost/app', 'edge', 'main']],
    [['ls']],
    [['ls', 'localhost/app', '-o', 'xml']],
    [['ls', 'localhost/App']],
    [['push', 'localhost/app', 'edge', 'main', '/no/such/file.apk']],
    [['push', 'localhost/app', 'edge', 'main', 'x', '--wait-timeout', 'soon']],
    [['--tries', '0', 'ls', 'localhost/app']],
    [['pull', 'localhost/app', 'edge/main/x86_64/../a.apk']],
    [['rm', 'localhost/app', 'not-a-path']],
    [['login', 'localhost/app']],
    [['login', 'localhost/app', '-u', 'me']],
    [['login', 'localhost/app', '-u', 'me', '-p', 'x', '--password-stdin']],
    [['ls', 'localhost/app', '--ca-file', '/no/such/file.pem']],
  ])('%j is bad usage', async (args) => {
    expect((await run(...args)).exitCode).toBe(2);
  });

  it('tells its version, its help and its exit codes', async () => {
    expect(await run('--version')).toMatchObject({
      exitCode: 0,
      printed: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    });
    expect(await run('push', '--help')).toMatchObject({
      exitCode: 0,
      printed: expect.stringContaining('--wait') as string,
    });
    expect((await run('--help')).printed).toContain('5  conflict');
  });

  it.each([
    [['push', 'localhost/app'], 'lkar push', /^Usage: lkar push\S* .*<branch>[^]*such as main[^]*\(lkar push --help/m],
    [['apk', 'pull', 'localhost/app'], 'lkar apk pull', /^Usage: lkar apk pull[^]*\(lkar apk pull --help/m],
    [['psuh'], 'push', /did you mean push/i],
  ])('%j is answered with the usage of that command', async (args, _, usage) => {
    const { exitCode, said } = await run(...args);
    expect(exitCode).toBe(2);
    expect(said).toMatch(usage);
  });

  it('has examples in the help of what people do most', async () => {
    for (const command of ['push', 'ls', 'rm', 'pull', 'setup', 'login', 'images', 'repositories']) {
      expect((await run(command, '--help')).printed).toMatch(new RegExp(`Examples:[^]*lkar ${command} `));
    }
    expect((await run('--help')).printed).toContain('Examples:');
  });

  it('says what can be reached and what cannot', async () => {
    const { exitCode, said } = await run('--tries', '1', 'ls', '127.0.0.1:1/app');
    expect(exitCode).toBe(6);
    expect(said).toContain('http://127.0.0.1:1');
  });
});
