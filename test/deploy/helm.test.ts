import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { parsePruningPolicy } from '../../src/cli/lkar/changes/pruning-policy.ts';
import { anApk } from '../support/an-apk.ts';
import { startGateway } from '../support/gateway.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { configOf } from './lkard-settings.ts';
import { faultsOf } from './manifest-faults.ts';
import { environmentOf, lkardContainersOf, parseManifests, podOf, type Manifest } from './manifests.ts';
import { deployFolder, findTool, runTool } from './tools.ts';

// Making RSA keys of 4096 bits can take a while.
vi.setConfig({ testTimeout: 120_000 });

const helm = findTool('helm');
const kubeconform = findTool('kubeconform');
/** Where schemas are, as kubeconform's -schema-location takes it; the web's own can't be had in a test. */
const schemas = process.env['KUBERNETES_SCHEMAS'];
if (schemas === undefined) console.log('test/deploy: no KUBERNETES_SCHEMAS, kubeconform is not run');
const chart = path.join(deployFolder, 'helm', 'lkard');

const host = 'registry.example.org';
// Where the Secret isn't what a test is about: making RSA keys takes seconds.
const signing = { existingSecret: 'keys', files: ['example.rsa'] };
const valueSets: Readonly<Record<string, { readonly values: object; readonly given?: readonly string[] }>> = {
  'nothing but the registry': { values: { registry: { host } } },
  'a registry of ones own in the cluster': {
    values: {
      registry: { host: 'registry:5000', plainHttp: true, caConfigMap: 'ca' },
      signing,
      networkPolicy: { from: [{ podSelector: {} }] },
    },
    given: ['ConfigMap/ca', 'Secret/keys'],
  },
  'keys of ones own, two of them while they rotate': {
    values: {
      registry: { host, pullSecret: 'pull', anonymousAsGateway: 'read' },
      signing: { existingSecret: 'keys', files: ['old.rsa', 'new.rsa'], publicKeys: true },
    },
    given: ['Secret/keys', 'Secret/pull'],
  },
  'sealed keys': { values: { registry: { host }, signing: { mode: 'sealed' } } },
  'one image behind an Ingress, scaled by load': {
    values: {
      registry: { host },
      signing: { mode: 'sealed', existingSecret: 'keys' },
      singleImage: 'team/app',
      trustedProxies: ['10.0.0.0/8', 'fd00::/8'],
      autoscaling: { enabled: true },
      ingress: {
        enabled: true,
        className: 'nginx',
        hosts: ['apk.example.org'],
        tls: [{ secretName: 't', hosts: ['apk.example.org'] }],
      },
    },
    given: ['Secret/keys'],
  },
  'TLS of its own behind a Gateway': {
    values: {
      registry: { host },
      signing,
      domain: 'example.org',
      redirectBlobs: true,
      tls: { secret: 'tls' },
      httpRoute: {
        enabled: true,
        parentRefs: [{ name: 'public', namespace: 'gateways' }],
        hostnames: ['apk.example.org'],
      },
      serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
      extraArgs: ['--freshness=2s'],
      extraEnv: [{ name: 'ARTIFACT_REGISTRY_RECHECK', value: '2m' }],
    },
    given: ['Secret/keys', 'Secret/tls'],
  },
  'a sidecar beside a gateway': {
    values: { registry: { host, pullSecret: 'pull' }, signing, sidecarExample: { enabled: true, access: 'write' } },
    given: ['Secret/keys', 'Secret/pull'],
  },
  'retention by the clock': {
    values: {
      registry: { host },
      signing,
      pruning: { enabled: true, rules: [{ images: 'team/*', keep: 5, olderThan: '30d' }], loginSecret: 'login' },
    },
    given: ['Secret/keys', 'Secret/login'],
  },
  'a sidecar alone': {
    values: {
      registry: { host, pullSecret: 'pull' },
      signing,
      gateway: { enabled: false },
      sidecarExample: { enabled: true },
    },
    given: ['Secret/keys', 'Secret/pull'],
  },
};

async function render(
  values: object,
): Promise<{ readonly objects: readonly Manifest[]; readonly stderr: string; readonly exitCode: number | null }> {
  const folder = await makeTempDir();
  const file = path.join(folder.path, 'values.yaml');
  await writeFile(file, stringify(values));
  // Which Kubernetes a helm built from source pretends to know depends on how it was built.
  const args = ['template', 'main', chart, '--namespace', 'apk', '--kube-version', '1.31.0', '--values', file];
  const { exitCode, stdout, stderr } = runTool(helm!, args);
  await folder.remove();
  return { objects: exitCode === 0 ? parseManifests(stdout) : [], stderr, exitCode };
}

describe.skipIf(helm === undefined)('the Helm chart', () => {
  it('passes lint', () => {
    expect(runTool(helm!, ['lint', '--strict', chart, '--set', `registry.host=${host}`])).toMatchObject({
      exitCode: 0,
    });
  });

  it.each(Object.entries(valueSets))(
    'renders what fits together and what lkard knows, with %s',
    async (_title, set) => {
      const { objects, stderr } = await render(set.values);
      expect(stderr).toBe('');
      expect(faultsOf(objects, { given: set.given ?? [] })).toEqual([]);
      const containers = objects.flatMap((object) => lkardContainersOf(podOf(object)?.spec ?? { containers: [] }));
      expect(containers.length).toBeGreaterThan(0);
      for (const container of containers) {
        const config = await configOf(container.args ?? [], environmentOf(container, objects));
        expect(config.store.kind).toBe('registry');
        expect(config.signing.keyFiles.length > 0 || config.signing.aesKey !== undefined).toBe(true);
      }
    },
  );

  it.skipIf(kubeconform === undefined || schemas === undefined).each(Object.entries(valueSets))(
    'renders what kubeconform takes, with %s',
    async (_title, set) => {
      const { objects } = await render(set.values);
      const folder = await makeTempDir();
      const file = path.join(folder.path, 'objects.yaml');
      await writeFile(file, objects.map((object) => stringify(object)).join('---\n'));
      const args = ['-strict', '-kubernetes-version', '1.31.0', '-skip', 'ServiceMonitor,HTTPRoute'];
      const checked = runTool(kubeconform!, [...args, '-schema-location', schemas!, file]);
      await folder.remove();
      expect([checked.exitCode, checked.stdout + checked.stderr]).toEqual([0, '']);
    },
  );

  it('shows metrics only at a port that no proxy leads to, where they are asked for', async () => {
    const { objects } = await render({ registry: { host }, signing, serviceMonitor: { enabled: true } });
    const of = (kind: string) => objects.find((object) => object.kind === kind)!;
    const { ports } = of('Service').spec as { ports: { name: string; targetPort: string }[] };
    const { endpoints } = of('ServiceMonitor').spec as { endpoints: { port: string; path: string }[] };
    expect(endpoints).toMatchObject([{ port: 'metrics', path: '/metrics' }]);
    expect(ports.find(({ name }) => name === 'metrics')).toMatchObject({ targetPort: 'metrics' });
    const [container] = lkardContainersOf(podOf(of('Deployment'))!.spec);
    expect(container!.ports).toContainEqual({ name: 'metrics', containerPort: 9888, protocol: 'TCP' });
    expect(container!.args).toContain('--metrics-addr=:9888');
  });

  it('prunes by a policy that lkar reads, at the gateway that it serves', async () => {
    const rules = [{ images: 'team/*', names: ['nightly-*'], keep: 5, olderThan: '30d' }];
    const { objects } = await render({ registry: { host }, signing, pruning: { enabled: true, rules } });
    const policy = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.endsWith('-pruning'));
    expect(parsePruningPolicy(policy?.data?.['policy.yaml'] ?? '', 'policy.yaml')).toMatchObject([
      { images: ['team/*'], names: ['nightly-*'], keep: 5, olderThan: 30 * 24 * 60 * 60_000 },
    ]);
    const [container] = podOf(objects.find(({ kind }) => kind === 'CronJob')!)!.spec.containers;
    const service = objects.find(({ kind }) => kind === 'Service')!;
    expect(container?.args).toEqual(expect.arrayContaining(['prune', `http://${service.metadata.name}:80`, '--yes']));
    expect((await render({ registry: { host }, signing, pruning: { enabled: true } })).exitCode).not.toBe(0);
  });

  it.each([
    ['nothing that may go', { images: 'team/*' }],
    ['an age without a unit', { images: 'team/*', olderThan: '30' }],
    ['a misspelt key', { images: 'team/*', keep: 5, name: 'nightly-*' }],
    ['no images', { keep: 5 }],
  ])('refuses a rule of pruning with %s, before the clock finds it', async (_title, rule) => {
    const pruning = (rules: readonly object[]) => ({ registry: { host }, pruning: { enabled: true, rules } });
    expect((await render(pruning([{ images: ['team/*'], olderThan: '30d' }]))).exitCode).toBe(0);
    const { exitCode, stderr } = await render(pruning([rule]));
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('/pruning/rules/0');
  });

  it('lets its own pruning in where the network lets in nobody else', async () => {
    const networkPolicy = { from: [{ podSelector: { matchLabels: { app: 'ingress' } } }] };
    const pruning = { enabled: true, rules: [{ images: 'team/*', keep: 5 }] };
    const { objects } = await render({ registry: { host }, networkPolicy, pruning });
    expect(JSON.stringify(objects.find(({ kind }) => kind === 'NetworkPolicy'))).toContain('"pruning"');
    const { objects: without } = await render({ registry: { host }, networkPolicy });
    expect(JSON.stringify(without.find(({ kind }) => kind === 'NetworkPolicy'))).not.toContain('pruning');
  });

  it('gives a stop the time that it takes', async () => {
    const { objects } = await render({ registry: { host }, signing, drainSeconds: 100 });
    const pod = podOf(objects.find(({ kind }) => kind === 'Deployment')!)!.spec;
    const { drainTimeoutMs } = await configOf(lkardContainersOf(pod)[0]!.args!);
    expect(drainTimeoutMs).toBe(100_000);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(105);
  });

  it('leaves the number of replicas to the autoscaler where there is one, and has two at least', async () => {
    const replicasOf = async (values: object) => {
      const { objects } = await render({ registry: { host }, signing, ...values });
      return objects.find(({ kind }) => kind === 'Deployment')!.spec['replicas'];
    };
    expect(await replicasOf({})).toBe(2);
    expect(await replicasOf({ autoscaling: { enabled: true } })).toBeUndefined();
    expect(
      (await render({ registry: { host }, signing, autoscaling: { enabled: true, minReplicas: 1 } })).exitCode,
    ).not.toBe(0);
  });

  it.each([
    ['no registry', {}],
    ['a registry with a scheme', { registry: { host: 'https://registry.example.org' } }],
    ['a Secret without saying which of its keys sign', { registry: { host }, signing: { existingSecret: 'keys' } }],
    ['a value that there is none of', { registry: { host }, replicaCount: 3 }],
    ['an Ingress without a host', { registry: { host }, ingress: { enabled: true } }],
    ['a route without a Gateway', { registry: { host }, httpRoute: { enabled: true } }],
    ['callers without credentials who push', { registry: { host, anonymousAsGateway: 'write' } }],
  ])('refuses %s', async (_title, values) => {
    const { exitCode, stderr } = await render(values);
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/registry|signing|replicaCount|hosts|parentRefs/);
  });
});

describe.skipIf(helm === undefined)('the Secret that the chart makes', () => {
  let folder: Awaited<ReturnType<typeof makeTempDir>>;
  beforeAll(async () => {
    folder = await makeTempDir();
    return () => folder.remove();
  });

  it('outlives the release, and holds keys that lkard signs with', async () => {
    const { objects } = await render({ registry: { host }, signing: { files: ['a.rsa', 'b.rsa'] } });
    const secret = objects.find(({ kind }) => kind === 'Secret')!;
    expect(secret.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
    expect(Object.keys(secret.data!)).toEqual(['a.rsa', 'b.rsa']);
    const files = Object.keys(secret.data!).map((name) => path.join(folder.path, name));
    for (const [at, content] of Object.values(secret.data!).entries())
      await writeFile(files[at]!, Buffer.from(content, 'base64'));
    const gateway = await startGateway({ settings: { 'signing-key': files } });
    const base = `${gateway.url}/apk/team/app/edge/main`;
    const pushed = await fetch(`${base}/push`, { method: 'PUT', body: anApk({ name: 'hello', version: '1.0-r0' }) });
    expect(pushed.status).toBe(201);
    const keys = (await (await fetch(`${base}/jwks.json`)).json()) as { keys: { kid: string }[] };
    expect(keys.keys.map(({ kid }) => kid)).toEqual(['a', 'b']);
    await gateway.stop();
  });

  it('holds an AES key that lkard takes, where keys are sealed', async () => {
    const { objects } = await render({ registry: { host }, signing: { mode: 'sealed' } });
    const [[name, content] = ['', '']] = Object.entries(objects.find(({ kind }) => kind === 'Secret')!.data!);
    expect(name).toBe('aes-key');
    const aesKey = path.join(folder.path, 'aes', name);
    await mkdir(path.dirname(aesKey), { recursive: true });
    await writeFile(aesKey, Buffer.from(content, 'base64'));
    const config = await configOf(['--backend=registry.example.org', '--aes-key', aesKey]);
    expect(config.signing.aesKey).toHaveLength(32);
  });

  it('is not made where one is given', async () => {
    const { objects } = await render({ registry: { host }, signing: { existingSecret: 'keys', files: ['a.rsa'] } });
    expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });
});
