import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { makeTempDir } from '../support/temp-dir.ts';
import { configOf } from './lkard-settings.ts';
import { deployFolder, findTool, root, runTool } from './tools.ts';

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly depends_on?: Readonly<Record<string, object>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly stop_grace_period?: string;
}

interface Compose {
  readonly services: Readonly<Record<'proxy' | 'lkard' | 'registry' | 'users', Service>>;
  readonly volumes: Readonly<Record<string, null>>;
}

const textOf = (...names: string[]) => readFile(path.join(deployFolder, ...names), 'utf8');
const compose = async () => parse(await textOf('compose.yaml')) as Compose;

describe('deploy/compose.yaml', () => {
  it('refers to services, volumes and files that are there', async () => {
    const { services, volumes } = await compose();
    for (const { depends_on = {}, volumes: mounts = [], build } of Object.values(services)) {
      for (const name of Object.keys(depends_on)) expect(Object.keys(services)).toContain(name);
      for (const mount of mounts) {
        const [source = ''] = mount.split(':');
        if (source.startsWith('.')) expect(existsSync(path.join(deployFolder, source))).toBe(true);
        else expect(Object.keys(volumes)).toContain(source);
      }
      if (build !== undefined) expect(existsSync(path.join(deployFolder, build.context, build.dockerfile))).toBe(true);
    }
    expect(path.join(deployFolder, services.lkard.build!.context, '.')).toBe(path.join(root, '.'));
  });

  it('starts lkard with flags that it knows, before its registry, behind its proxy', async () => {
    const { services } = await compose();
    const { store, http, listen } = await configOf(services.lkard.command ?? []);
    expect(store).toMatchObject({ host: 'registry:5000', isPlainHttp: true });
    expect(services.proxy.environment).toMatchObject({ LKARD_UPSTREAM: `lkard:${listen.port}` });
    expect(http.trustedProxies).toHaveLength(3);
  });

  it('asks everybody who they are, and starts with no password of its own', async () => {
    const { services } = await compose();
    expect(services.registry.environment).toMatchObject({
      REGISTRY_AUTH: 'htpasswd',
      REGISTRY_AUTH_HTPASSWD_PATH: '/users/htpasswd',
    });
    expect(services.registry.depends_on).toEqual({ users: { condition: 'service_completed_successfully' } });
    expect(services.users.environment?.['LKARD_PASSWORD']).toMatch(/^\$\{LKARD_PASSWORD:\?/);
    const [mount] = services.users.volumes ?? [];
    expect(services.registry.volumes).toContain(`${mount}:ro`);
    expect((await configOf(services.lkard.command ?? [])).http.anonymousAsGateway).toBeUndefined();
  });

  it.skipIf(findTool('htpasswd') === undefined)('writes the first user once, and none again', async () => {
    const { services } = await compose();
    const [shell = '', flag = '', script = ''] = services.users.command ?? [];
    const folder = await makeTempDir();
    const place = script.replaceAll('$$', '$').replaceAll('/users/', `${folder.path}/`);
    const start = (password: string) =>
      runTool(shell, [flag, place], { env: { ...process.env, LKARD_USER: 'ci', LKARD_PASSWORD: password } });
    expect(start('first')).toMatchObject({ exitCode: 0 });
    const file = path.join(folder.path, 'htpasswd');
    const written = await readFile(file, 'utf8');
    expect(written).toMatch(/^ci:\$2y\$/);
    expect(start('second')).toMatchObject({ exitCode: 0 });
    expect(await readFile(file, 'utf8')).toBe(written);
    await folder.remove();
  });

  it('lets others reach nothing but the proxy, and that on loopback unless told otherwise', async () => {
    const { services } = await compose();
    expect([services.lkard.ports, services.registry.ports]).toEqual([undefined, undefined]);
    for (const port of services.proxy.ports ?? []) expect(port).toMatch(/^\$\{LKARD_LISTEN:-127\.0\.0\.1\}:/);
    for (const service of [services.proxy, services.lkard]) {
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    }
  });
});

describe('deploy/systemd', () => {
  const analyze = findTool('systemd-analyze');
  const unit = path.join(deployFolder, 'systemd', 'lkard.service');

  it('gives lkard variables that it knows', async () => {
    const lines = [
      ...(await textOf('systemd', 'lkard.env')).split('\n'),
      ...(await textOf('systemd', 'lkard.service')).split('\n'),
    ];
    const pairs = lines.flatMap((line) => {
      const [, name, value] = /^(?:#\s+)?(?:Environment=)?(ARTIFACT_REGISTRY_[A-Z0-9_]+)=(.*)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, value]];
    });
    expect(pairs.length).toBeGreaterThan(5);
    const { store, listen } = await configOf([], Object.fromEntries(pairs) as Record<string, string>);
    expect(store.kind).toBe('registry');
    expect(listen).toEqual({ host: '127.0.0.1', port: 9887 });
  });

  it.skipIf(analyze === undefined)('is a unit that systemd takes, with little to attack', () => {
    expect(runTool(analyze!, ['verify', '--man=no', unit])).toMatchObject({ exitCode: 0, stderr: '' });
    const { stdout } = runTool(analyze!, ['security', '--offline=true', '--no-pager', unit]);
    const [, exposure] = /Overall exposure level for lkard\.service: ([\d.]+)/.exec(stdout) ?? [];
    expect(Number(exposure)).toBeLessThan(2);
  });
});
