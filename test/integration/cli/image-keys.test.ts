import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readIndexFile } from '../../../src/apk/index/index-file.ts';
import { anApk } from '../../support/an-apk.ts';
import { buildPrograms, runBin, startLkard, type RunningLkard } from '../../support/programs.ts';
import { registryProgram, startRegistry, type TestRegistry } from '../../support/registry.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const isMissing = registryProgram() === undefined && process.env['CI'] !== 'true';

describe.skipIf(isMissing)(
  `keys in images${isMissing ? ' (docker-registry is missing)' : ''}`,
  { timeout: 180_000 },
  () => {
    let registry: TestRegistry;
    let folder: Awaited<ReturnType<typeof makeTempDir>>;
    let settings: string[];
    const gateways: RunningLkard[] = [];
    const start = async () => {
      const gateway = await startLkard([...settings, '--log-level', 'error']);
      gateways.push(gateway);
      return gateway;
    };

    beforeAll(async () => {
      await buildPrograms();
      registry = await startRegistry();
      folder = await makeTempDir();
      const aesKey = path.join(folder.path, 'aes-key');
      await writeFile(aesKey, '07'.repeat(32));
      settings = [
        '--backend',
        registry.host,
        '--no-https',
        '--aes-key',
        aesKey,
        '--data',
        path.join(folder.path, 'data'),
      ];
    }, 180_000);
    afterAll(async () => {
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      await registry.stop();
      await folder.remove();
    });

    const push = async ({ url }: RunningLkard, image: string, name: string) => {
      const body = new Uint8Array(anApk({ name, version: '1.0-r0', arch: 'x86_64' }));
      return (await fetch(`${url}/apk/${image}/edge/main/push`, { method: 'PUT', body })).status;
    };
    const signers = async ({ url }: RunningLkard, image: string) => {
      const answer = await fetch(`${url}/apk/${image}/edge/main/x86_64/APKINDEX.tar.gz`);
      const { signatures } = readIndexFile(new Uint8Array(await answer.arrayBuffer()));
      return signatures.map(({ keyName }) => keyName);
    };
    const named = async ({ url }: RunningLkard, image: string) => {
      const answer = await fetch(`${url}/apk/${image}/edge/main/jwks.json`);
      const { keys } = (await answer.json()) as { keys: { kid: string }[] };
      return keys.map(({ kid }) => `${kid}.rsa.pub`);
    };
    const lkard = (...args: string[]) => runBin('lkard', args);

    it('are the same at three gateways that were pushed to at once, and one signs once the others are retired', async () => {
      const three = await Promise.all([start(), start(), start()]);
      const image = 'team/first';
      const pushed = await Promise.all(three.map((gateway, i) => push(gateway, image, `p${i}`)));
      expect(pushed).toEqual([201, 201, 201]);
      const [names = [], ...others] = await Promise.all(three.map((gateway) => named(gateway, image)));
      expect(names.length).toBeGreaterThan(0);
      for (const other of others) expect(other).toEqual(names);

      for (const name of names.slice(1)) {
        const dropped = await lkard('resign', image, '--drop', name, ...settings);
        expect([dropped.exitCode, dropped.stderr]).toEqual([0, '']);
      }
      const fresh = await start();
      expect(await named(fresh, image)).toEqual(names.slice(0, 1));
      expect(await signers(fresh, image)).toEqual(names.slice(0, 1));
      const last = await lkard('resign', image, '--drop', names[0]!, ...settings);
      expect(last.exitCode).not.toBe(0);
      const unknown = await lkard('resign', image, '--drop', 'other.rsa.pub', ...settings);
      expect(unknown.exitCode).not.toBe(0);
    });

    it('of a dropped key file leave stored indexes without a push', async () => {
      const image = 'team/files';
      const keys = ['test-only-2048.rsa', 'test-only-4096.rsa'].map(
        (name) => new URL(`../../fixtures/keys/${name}`, import.meta.url).pathname,
      );
      const store = settings.slice(0, 3);
      const both = await startLkard([
        ...store,
        ...keys.flatMap((key) => ['--signing-key', key]),
        '--log-level',
        'error',
      ]);
      gateways.push(both);
      expect(await push(both, image, 'one')).toBe(201);
      expect(await signers(both, image)).toHaveLength(2);
      const resigned = await lkard('resign', image, ...store, '--signing-key', keys[1]!);
      expect([resigned.exitCode, resigned.stdout]).toEqual([0, expect.stringContaining('1 of 1 indexes')]);
      const again = await lkard('resign', image, ...store, '--signing-key', keys[1]!);
      expect(again.stdout).toContain('0 of 1 indexes');
      const one = await startLkard([...store, '--signing-key', keys[1]!, '--log-level', 'error']);
      gateways.push(one);
      expect(await signers(one, image)).toEqual(['test-only-4096.rsa.pub']);
    });

    it('of an image copied under another name are to be had at once, and sign it', async () => {
      const gateway = await start();
      expect(await push(gateway, 'team/origin', 'one')).toBe(201);
      const copied = await lkard('copy', 'team/origin', `${registry.host}/team/copy`, ...settings);
      expect([copied.exitCode, copied.stdout]).toEqual([
        0,
        expect.stringContaining('1 indexes signed with team-copy-'),
      ]);
      const [name] = await named(gateway, 'team/copy');
      expect(name).toMatch(/^team-copy-/);
      expect(await signers(gateway, 'team/copy')).toEqual([name]);
      const key = await fetch(`${gateway.url}/apk/team/copy/edge/main/key`);
      expect([key.status, await key.text()]).toEqual([200, expect.stringContaining('PUBLIC KEY')]);
      const again = await lkard('copy', 'team/origin', `${registry.host}/team/copy`, ...settings);
      expect(again.exitCode).toBe(0);
      expect(await signers(gateway, 'team/copy')).toEqual([name]);
    });

    it('that nobody has are no success', async () => {
      expect((await lkard('resign', 'team/nothing', ...settings)).exitCode).not.toBe(0);
    });
  },
);
