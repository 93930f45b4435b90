import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { logIn } from '../../../src/cli/lkar/commands/login.ts';
import { openSession } from '../../../src/cli/lkar/session.ts';
import { aTerminal } from '../../support/a-terminal.ts';
import { startGateway } from '../../support/gateway.ts';
import { startPrivateRegistry, type RegistryManner } from '../../support/private-registry.ts';
import { registryProgram, startRegistry } from '../../support/registry.ts';
import { startScriptedRegistry, type Script } from '../../support/scripted-registry.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

async function logInAt(name: string, pass: string) {
  const folder = await makeTempDir();
  const session = openSession(aTerminal(), { dockerConfig: folder.path });
  onTestFinished(async () => {
    await session.close();
    await folder.remove();
  });
  await logIn(session, name, { user: 'me', pass });
  const config = JSON.parse(await readFile(path.join(folder.path, 'config.json'), 'utf8')) as { auths: object };
  return Object.keys(config.auths);
}

async function aRegistry(manner: RegistryManner) {
  const registry = await startPrivateRegistry({ me: { password: 'pw', images: { 'team/app': ['pull'] } } }, manner);
  onTestFinished(() => registry.stop());
  return registry;
}

async function aServer(script: Script) {
  const server = await startScriptedRegistry(script);
  onTestFinished(() => server.stop());
  return server;
}

describe('lkar login straight at a registry', () => {
  it.each([
    ['with a token service', {}],
    ['with Basic', { auth: 'basic' }],
    ['with both in one header', { challenge: (usual: string) => `${usual}, Basic realm="x"` }],
    [
      'that answers every path with a page',
      {
        before: ({ path: asked }: { path: string }) =>
          asked.startsWith('/_auth')
            ? { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }
            : undefined,
      },
    ],
  ] as readonly (readonly [string, RegistryManner])[])(
    '%s keeps what is good and refuses what is not',
    async (_name, manner) => {
      const { host } = await aRegistry(manner);
      expect(await logInAt(host, 'pw')).toEqual([host]);
      expect(await logInAt(`${host}/team/app`, 'pw')).toEqual([`${host}/team/app`]);
      if (manner.auth !== 'basic') await expect(logInAt(host, 'wrong')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    },
  );

  it.skipIf(registryProgram() === undefined)('works at a real one', async () => {
    const registry = await startRegistry({ users: { me: 'pw' } });
    const { host } = registry;
    onTestFinished(() => registry.stop());
    expect(await logInAt(host, 'pw')).toEqual([host]);
    await expect(logInAt(host, 'wrong')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it('refuses where there is neither a gateway nor a registry', async () => {
    const nobody = await aServer(() => ({ status: 404, body: 'nothing' }));
    await expect(logInAt(nobody.host, 'pw')).rejects.toThrow(/nothing/);
    const page = await aServer(() => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }));
    await expect(logInAt(page.host, 'pw')).rejects.toMatchObject({ code: 'STORE_ANSWER_INVALID' });
  });

  it("hears a gateway's word on a login as the gateway's", async () => {
    const registry = await aRegistry({});
    const gateway = await startGateway({ store: { registry: registry.host } });
    onTestFinished(() => gateway.stop());
    const name = gateway.url.replace('http://', '');
    expect(await logInAt(name, 'pw')).toEqual([name]);
    await expect(logInAt(name, 'wrong')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });
});
