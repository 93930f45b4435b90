import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../support/certificate.ts';
import {
  ask,
  lifecycleVerbs,
  stateOf,
  stock,
  type LifecycleVerb,
  type VerbState,
} from '../../support/lifecycle-verbs.ts';
import { buildPrograms, runBin, startLkard, type RunningLkard } from '../../support/programs.ts';
import { registryProgram, startRegistry } from '../../support/registry.ts';
import { keyFixture } from '../../support/signing-keys.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import { startTokenServer, type TokenUser } from '../../support/token-server.ts';

/** Everybody, by what the registry lets them do with every image. */
const rights = { reader: ['pull'], pusher: ['pull', 'push'], owner: ['pull', 'push', 'delete'] };
const callers = ['nobody', 'reader', 'pusher', 'owner'] as const;
type Caller = (typeof callers)[number];

const stocked = (verb: LifecycleVerb) => `team/stock-${lifecycleVerbs.indexOf(verb)}`;

describe.skipIf(registryProgram() === undefined)('with a registry that knows who may push and who may delete', () => {
  let folder: Awaited<ReturnType<typeof makeTempDir>>;
  let lkard: RunningLkard;
  let stopRegistry: () => Promise<void>;
  const before = new Map<string, VerbState>();

  const as = (caller: Caller) => ({
    url: lkard.url,
    headers:
      caller === 'nobody' ? {} : { authorization: `Basic ${Buffer.from(`${caller}:${caller}-pw`).toString('base64')}` },
  });
  const lkar = async (caller: Caller, args: readonly string[]) => {
    const config = path.join(folder.path, `docker-${caller}`);
    await mkdir(config, { recursive: true });
    const auth = Buffer.from(`${caller}:${caller}-pw`).toString('base64');
    const auths = caller === 'nobody' ? {} : { [lkard.host]: { auth } };
    await writeFile(path.join(config, 'config.json'), JSON.stringify({ auths }));
    return runBin('lkar', args, { cwd: folder.path, env: { DOCKER_CONFIG: config } });
  };
  /** An image of its own, as the verb wants it before. */
  const anImage = async (verb: LifecycleVerb, name: string) => {
    const repositories = path.join(folder.path, 'data/docker/registry/v2/repositories');
    const image = `${stocked(verb)}-${name}`;
    await cp(path.join(repositories, stocked(verb)), path.join(repositories, image), { recursive: true });
    return image;
  };

  beforeAll(async () => {
    await buildPrograms();
    folder = await makeTempDir();
    const { files } = await makeCertificate(folder.path);
    const users: Record<string, TokenUser> = {};
    for (const [name, may] of Object.entries(rights)) users[name] = { password: `${name}-pw`, images: { '*': may } };
    const tokens = await startTokenServer(folder.path, files, users);
    const registry = await startRegistry({ folder: folder.path, tls: files, tokenService: tokens.config });
    stopRegistry = async () => {
      await registry.stop();
      await tokens.stop();
    };
    lkard = await startLkard([
      ...[
        '--backend',
        registry.host,
        '--client-ca',
        files.certificate,
        '--signing-key',
        keyFixture('test-only-2048.rsa'),
      ],
      ...['--log-level', 'error', '--max-refusals', '0'],
    ]);
    for (const verb of lifecycleVerbs) {
      await stock(as('owner'), stocked(verb));
      for (const request of verb.before(stocked(verb))) {
        expect((await ask(as('owner'), request)).status).toBeLessThan(300);
      }
      before.set(verb.title, await stateOf(as('owner'), stocked(verb)));
    }
  }, 180_000);
  afterAll(async () => {
    await lkard.kill();
    await stopRegistry();
    await folder.remove();
  });

  const refused = (caller: Caller, { needs }: LifecycleVerb) =>
    caller === 'nobody' || caller === 'reader' || (caller === 'pusher' && needs === 'delete');

  describe.each(lifecycleVerbs.map((verb) => [verb.title, verb] as const))('to %s', (title, verb) => {
    it.each(callers.filter((caller) => refused(caller, verb)))(
      'is refused to the %s, who learns what is lacking, and nothing is changed',
      async (caller) => {
        const [status, code] = caller === 'nobody' ? [401, 'UNAUTHORIZED'] : [403, 'FORBIDDEN'];
        const lacking = caller === 'nobody' ? /read nothing/ : caller === 'pusher' ? /to delete/ : /to (push|delete)/;
        const image = await anImage(verb, `${caller}-http`);
        const answer = await ask(as(caller), verb.request(image));
        expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
          status,
          { code, message: expect.stringMatching(lacking) as string },
        ]);
        expect(answer.text).not.toMatch(/sha256:|127\.0\.0\.1/);
        if (caller === 'nobody') expect(answer.headers.get('www-authenticate')).toContain('Basic');
        const other = await anImage(verb, `${caller}-lkar`);
        const ran = await lkar(caller, verb.lkar(lkard.host, other));
        expect(ran).toMatchObject({ exitCode: 3, stdout: '', stderr: expect.stringMatching(lacking) as string });
        // Who moves and may not delete has done the half that is allowed, and was told.
        const isMoved = caller === 'pusher' && title === 'move';
        const stable = isMoved ? ['app-2-r0.apk', 'lib-1-r0.apk'] : [];
        for (const one of [image, other]) {
          expect(await stateOf(as('owner'), one)).toEqual({ ...before.get(title), stable });
        }
      },
      30_000,
    );

    it.each(callers.filter((caller) => !refused(caller, verb)))(
      'is allowed to the %s, over HTTP and with lkar alike',
      async (caller) => {
        const image = await anImage(verb, `${caller}-http`);
        expect((await ask(as(caller), verb.request(image))).status).toBeLessThan(300);
        const other = await anImage(verb, `${caller}-lkar`);
        expect(await lkar(caller, verb.lkar(lkard.host, other))).toMatchObject({ exitCode: 0 });
        const after = await stateOf(as('owner'), image);
        expect(after).toMatchObject({ ...verb.after, broken: [] });
        expect(await stateOf(as('owner'), other)).toEqual(after);
      },
      30_000,
    );
  });

  it('reading what became of packages takes the right to read', async () => {
    const image = stocked(lifecycleVerbs[0]!);
    for (const list of ['withdrawn.json', 'history.json', 'snapshots.json']) {
      const statusFor = async (caller: Caller) =>
        (await fetch(`${lkard.url}/apk/${image}/edge/main/${list}`, { headers: as(caller).headers })).status;
      expect([list, await statusFor('nobody'), await statusFor('reader')]).toEqual([list, 401, 200]);
    }
    expect((await lkar('nobody', ['log', `${lkard.host}/${image}`, 'edge', 'main'])).exitCode).toBe(3);
    expect((await lkar('reader', ['log', `${lkard.host}/${image}`, 'edge', 'main'])).exitCode).toBe(0);
  });
});
