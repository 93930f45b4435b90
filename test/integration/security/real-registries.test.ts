import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { htpasswdOf, registryProgram, registryV3Program, startRegistry } from '../../support/registry.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import { startTokenServer, type TokenServer, type TokenUser } from '../../support/token-server.ts';
import { startZot, zotProgram } from '../../support/zot.ts';

/** A registry on this machine, behind TLS with a certificate of its own, that asks who one is. */
interface World {
  readonly host: string;
  /** Nobody gets in with this password any more. Undefined where that takes a restart. */
  readonly revoke?: (user: string) => Promise<void>;
  readonly tokens?: TokenServer;
  stop(): Promise<void>;
}

interface Kind {
  /** Undefined where it isn't installed. */
  readonly program: string | undefined;
  /** Whether it tells who may pull from who may push. */
  readonly hasRights: boolean;
  readonly start: (folder: string, tls: { certificate: string; key: string }) => Promise<World>;
}

const rightsTtlMs = 1000;
const passwords = { owner: 'owner: pässword', reader: 'reader-pw', leaver: 'leaver-pw' };
const all = ['pull', 'push', 'delete'];
const people = (): Record<string, TokenUser> => ({
  owner: { password: passwords.owner, images: { '*': all } },
  reader: { password: passwords.reader, images: { '*': ['pull'] } },
  leaver: { password: passwords.leaver, images: { '*': all } },
});

async function withTokens(program: string, folder: string, tls: { certificate: string; key: string }): Promise<World> {
  const tokens = await startTokenServer(folder, tls, people());
  const registry = await startRegistry({ program, tls, tokenService: tokens.config });
  return {
    host: registry.host,
    tokens,
    revoke: (user) => {
      tokens.users[user] = { password: 'another', images: {} };
      return Promise.resolve();
    },
    stop: async () => {
      await registry.stop();
      await tokens.stop();
    },
  };
}

const v2 = registryProgram();
const v3 = registryV3Program();
const kinds: Record<string, Kind> = {
  'docker-registry 2.8 with htpasswd': {
    ...{ program: v2, hasRights: false },
    async start(folder, tls) {
      const registry = await startRegistry({ users: passwords, tls, folder });
      const { owner, reader } = passwords;
      const revoke = async () => writeFile(path.join(folder, 'htpasswd'), await htpasswdOf({ owner, reader }));
      return { host: registry.host, revoke, stop: () => registry.stop() };
    },
  },
  'docker-registry 2.8 with a token service': {
    ...{ program: v2, hasRights: true },
    start: (folder, tls) => withTokens(v2!, folder, tls),
  },
  'distribution 3 with a token service': {
    ...{ program: v3, hasRights: true },
    start: (folder, tls) => withTokens(v3!, folder, tls),
  },
  'zot with htpasswd and rights': {
    ...{ program: zotProgram(), hasRights: true },
    async start(_folder, tls) {
      const changes = ['read', 'create', 'update', 'delete'];
      const rights = { owner: changes, reader: ['read'], leaver: changes };
      const zot = await startZot({ users: passwords, rights, tls });
      return { host: zot.host, stop: () => zot.stop() };
    },
  },
};

const as = (user: string, password = passwords[user as keyof typeof passwords]) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const index = '/x86_64/APKINDEX.tar.gz';
const file = '/x86_64/hello-1.0-r0.apk';

describe.each(Object.entries(kinds))('%s behind TLS', (name, { program, hasRights, start }) => {
  describe.skipIf(program === undefined)(program === undefined ? `${name}: MISSING` : 'lets through', () => {
    let folder: Awaited<ReturnType<typeof makeTempDir>>;
    let world: World;
    let gateway: TestGateway;
    const pkg = new Uint8Array(anApk({ name: 'hello', version: '1.0-r0' }));
    const ask = (at: string, headers: Record<string, string> = {}, more: RequestInit = {}) =>
      fetch(`${gateway.url}/apk/team/app/edge/main${at}`, { headers, ...more });
    const push = (headers: Record<string, string>, body: Uint8Array<ArrayBuffer> = pkg) =>
      ask('/push?if-exists=skip', headers, { method: 'PUT', body });
    const lists = async (headers: Record<string, string>) =>
      gunzipSync(await (await ask(index, headers)).arrayBuffer()).includes('P:hello\n');

    beforeAll(async () => {
      folder = await makeTempDir();
      const { files } = await makeCertificate(folder.path);
      world = await start(folder.path, files);
      gateway = await startGateway({
        store: { registry: world.host },
        settings: {
          'no-https': undefined,
          'client-ca': files.certificate,
          'rights-ttl': `${rightsTtlMs}ms`,
          freshness: '100ms',
        },
      });
    }, 60_000);
    afterAll(async () => {
      await gateway.stop();
      await world.stop();
      await folder.remove();
    });

    it('who may push, read and delete', async () => {
      const pushed = await push(as('owner'));
      expect([pushed.status, await pushed.text()]).toEqual([201, expect.anything()]);
      expect(await lists(as('owner'))).toBe(true);
      const read = await ask(file, as('owner'));
      expect(Buffer.from(await read.arrayBuffer()).equals(pkg)).toBe(true);
      const part = await ask(file, { ...as('owner'), range: 'bytes=5-9' });
      expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([206, Buffer.from(pkg.subarray(5, 10))]);
      expect((await ask(`${file}?now`, as('owner'), { method: 'DELETE' })).status).toBe(204);
      expect(await lists(as('owner'))).toBe(false);
      expect((await ask(file, as('owner'))).status).toBe(404);
      expect((await push(as('owner'))).status).toBe(201);
    });

    it.runIf(hasRights)('who may only read, to read', async () => {
      expect([200, 201]).toContain((await push(as('owner'))).status);
      expect(await lists(as('reader'))).toBe(true);
      expect((await ask(file, as('reader'))).status).toBe(200);
      expect((await push(as('reader'))).status).toBe(403);
      expect((await ask(file, as('reader'), { method: 'DELETE' })).status).toBe(403);
      expect(await lists(as('owner'))).toBe(true);
    });

    it('nobody else', async () => {
      expect([200, 201]).toContain((await push(as('owner'))).status);
      const login = `${gateway.url}/_auth/team/app/login`;
      expect((await fetch(login, { headers: as('owner') })).status).toBe(200);
      for (const headers of [{}, as('owner', 'wrong'), as('stranger', 'x'), { authorization: 'Bearer e30.e30.c2ln' }]) {
        for (const at of [index, file, '/packages.json', '/key', '/setup']) {
          expect([at, (await ask(at, headers)).status]).toEqual([at, 401]);
        }
        expect((await push(headers)).status).toBe(401);
        expect((await ask(file, headers, { method: 'DELETE' })).status).toBe(401);
        expect((await fetch(login, { headers })).status).toBe(401);
      }
    });

    it('nobody who was shut out, once --rights-ttl has passed', async ({ skip }) => {
      if (world.revoke === undefined) {
        skip('its users change with a restart alone');
        return;
      }
      expect([200, 201]).toContain((await push(as('leaver'))).status);
      expect((await ask(index, as('leaver'))).status).toBe(200);
      await world.revoke('leaver');
      await sleep(rightsTtlMs + 100);
      for (const at of [index, file]) expect((await ask(at, as('leaver'))).status).toBe(401);
      expect((await push(as('leaver'))).status).toBe(401);
      expect((await ask(index, as('owner'))).status).toBe(200);
    });

    it('its own token service, asked once for many requests and again when a token ends', async ({ skip }) => {
      const { tokens } = world;
      if (tokens === undefined) {
        skip('it has none');
        return;
      }
      tokens.asked.length = 0;
      const owner = as('owner');
      expect([200, 201]).toContain((await push(owner)).status);
      await Promise.all(Array.from({ length: 20 }, () => ask('/packages.json', owner)));
      expect(tokens.asked.length).toBeGreaterThan(0);
      expect(tokens.asked.length).toBeLessThanOrEqual(6);
      expect(tokens.asked.every((line) => /^GET owner( repository:team\/app:[a-z,*]+)+$/.test(line))).toBe(true);
      tokens.lifetimeSeconds = 1;
      await sleep(rightsTtlMs);
      const other = new Uint8Array(anApk({ name: 'other', version: '1.0-r0' }));
      expect((await push(owner, other)).status).toBe(201);
      await sleep(1500);
      expect((await ask('/x86_64/other-1.0-r0.apk', owner, { method: 'DELETE' })).status).toBe(204);
      tokens.lifetimeSeconds = 300;
    });
  });
});

describe.skipIf(v2 === undefined)(
  `the gateway's own credentials${v2 === undefined ? ' (no docker-registry)' : ''}`,
  () => {
    it('may be an identity token, exchanged at the token service by POST', async () => {
      const folder = await makeTempDir();
      const { files } = await makeCertificate(folder.path);
      const world = await withTokens(v2!, folder.path, files);
      const authFile = path.join(folder.path, 'auth.json');
      const entry = { auth: Buffer.from('owner:').toString('base64'), identitytoken: passwords.owner };
      await writeFile(authFile, JSON.stringify({ auths: { [world.host]: entry } }));
      const gateway = await startGateway({
        store: { registry: world.host },
        settings: {
          ...{ 'no-https': undefined, 'client-ca': files.certificate },
          ...{ 'registry-auth-file': authFile, 'anonymous-as-gateway': 'write' },
        },
      });
      const body = anApk({ name: 'hello', version: '1.0-r0' });
      const pushed = await fetch(`${gateway.url}/apk/team/app/edge/main/push`, { method: 'PUT', body });
      expect([pushed.status, await pushed.text()]).toEqual([201, expect.anything()]);
      expect(world.tokens?.asked.every((line) => line.startsWith('POST owner '))).toBe(true);
      await gateway.stop();
      await world.stop();
      await folder.remove();
    }, 60_000);

    it('are given to no token service that speaks plain http where the registry does not', async () => {
      const folder = await makeTempDir();
      const { files } = await makeCertificate(folder.path);
      const tokens = await startTokenServer(folder.path, files, people());
      const registry = await startRegistry({
        tls: files,
        tokenService: { ...tokens.config, realm: tokens.config.realm.replace('https:', 'http:') },
      });
      const gateway = await startGateway({
        store: { registry: registry.host },
        settings: { 'no-https': undefined, 'client-ca': files.certificate },
      });
      const answer = await fetch(`${gateway.url}/apk/team/app/edge/main${index}`, { headers: as('owner') });
      expect([answer.status, await answer.text()]).toEqual([502, expect.stringContaining('leaves https')]);
      expect(tokens.asked).toEqual([]);
      await gateway.stop();
      await registry.stop();
      await tokens.stop();
      await folder.remove();
    }, 60_000);
  },
);
