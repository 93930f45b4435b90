import { describe, expect, it } from 'vitest';
import { formatGreeting, localUrlOf } from '../../../../src/cli/lkard/greeting.ts';
import { createLkardProgram, type LkardRequest } from '../../../../src/cli/lkard/lkard-program.ts';
import { runProgram } from '../../../../src/cli/shared/run-program.ts';
import { readConfig } from '../../../../src/config/config.ts';
import { settings } from '../../../../src/config/settings.ts';
import { aTerminal } from '../../../support/a-terminal.ts';

const done = () => Promise.resolve();

const ask = async (...args: string[]): Promise<LkardRequest | undefined> => {
  const terminal = aTerminal();
  let asked: LkardRequest | undefined;
  const program = createLkardProgram(terminal, (request) => {
    asked = request;
    return Promise.resolve();
  });
  await runProgram(program, args, terminal);
  return asked;
};

describe('lkard', () => {
  it('takes only what is given for given', async () => {
    expect(await ask()).toEqual({ flags: {}, isPrintConfig: false });
  });

  it('takes switches, lists and values that may be left out', async () => {
    const args = [
      '--no-https',
      '--signing-key',
      'a',
      '--signing-key',
      'b',
      '--anonymous-as-gateway',
      '--addr=:1',
      '-d',
    ];
    expect((await ask('team/app', ...args))?.flags).toEqual({
      image: 'team/app',
      'no-https': true,
      'signing-key': ['a', 'b'],
      'anonymous-as-gateway': true,
      addr: ':1',
      'log-level': 'debug',
    });
    expect((await ask('--anonymous-as-gateway=write'))?.flags).toEqual({ 'anonymous-as-gateway': 'write' });
  });

  it('takes every setting as a flag', async () => {
    for (const { name, kind } of settings()) {
      const isAlone = kind === 'switch' || kind === 'optional';
      const flags = (await ask(`--${name}`, ...(isAlone ? [] : ['x'])))?.flags;
      expect(Object.keys(flags ?? {})).toEqual([name]);
    }
  });

  it('takes one image at most', async () => {
    expect(await ask('a', 'b')).toBeUndefined();
  });
});

describe('a word that is no image', () => {
  const works = {
    collectGarbage: done,
    verify: done,
    resign: done,
    exportImage: done,
    importImage: done,
    copyImage: done,
  };
  const run = async (...args: string[]) => {
    const terminal = aTerminal();
    let isServed = false;
    const program = createLkardProgram(
      terminal,
      () => {
        isServed = true;
        return Promise.resolve();
      },
      works,
    );
    const exitCode = await runProgram(program, args, terminal);
    return { exitCode, said: terminal.said(), isServed };
  };

  it.each([
    [['serve'], 'lkard alone serves'],
    [['sevre'], 'lkard alone serves'],
    [['start'], 'lkard alone serves'],
    [['verfy'], 'did you mean verify?'],
    [['exprot', 'team/app', 'folder'], 'did you mean export?'],
    [['push', 'localhost/app', 'edge', 'main', 'a.apk'], 'lkar push'],
    [['team/app', 'more'], 'one image at most'],
  ])('%j is refused with advice', async (args, advice) => {
    expect(await run(...args)).toMatchObject({
      ...{ exitCode: 2, isServed: false },
      said: expect.stringContaining(advice) as string,
    });
  });

  it.each(['app', 'gcc', 'team/serve', 'alpine', 'mirror'])('%s may be an image', async (image) => {
    expect(await run(image)).toMatchObject({ exitCode: 0, isServed: true });
  });
});

describe('the greeting', () => {
  it('has lines that can be pasted', () => {
    const text = formatGreeting(readConfig({}, {}), 'http://127.0.0.1:9887', 'directory ./data');
    expect(text).toContain('curl --upload-file hello-1.0-r0.apk http://127.0.0.1:9887/apk/team/app/edge/main/push\n');
    expect(text).toContain('lkar push 127.0.0.1:9887/team/app edge main hello-1.0-r0.apk\n');
    expect(text).toContain('wget -qO- http://127.0.0.1:9887/apk/team/app/edge/main/setup | sh\n');
    expect(text).toContain('in a browser:\n  http://127.0.0.1:9887/\n');
  });

  it('names no image where only one is served, and a user where one is asked for', () => {
    const config = readConfig({ image: 'team/app', backend: 'r:5000' }, {});
    const text = formatGreeting(config, 'https://[::1]:9887', 'registry r:5000');
    expect(text).not.toContain('team/app');
    expect(text).toContain('curl -u USER --upload-file hello-1.0-r0.apk https://[::1]:9887/apk/edge/main/push\n');
  });

  it('names an address that this machine can reach', () => {
    expect(localUrlOf('http://[::]:9887')).toBe('http://127.0.0.1:9887');
    expect(localUrlOf('http://0.0.0.0:80')).toBe('http://127.0.0.1:80');
    expect(localUrlOf('http://10.0.0.1:80')).toBe('http://10.0.0.1:80');
  });
});
