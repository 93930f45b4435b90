import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { startGateway } from '../../support/gateway.ts';
import { startPrivateRegistry, type PrivateRegistry, type RegistryManner } from '../../support/private-registry.ts';
import { fault } from '../../support/scripted-registry.ts';

interface Variant {
  readonly manner: RegistryManner;
  readonly user: string;
  readonly password?: string;
  /** The answer to a delete. Default 204. */
  readonly deleted?: number;
  readonly judge?: (registry: PrivateRegistry) => void;
}

const scopesOf = (registry: PrivateRegistry) =>
  registry.tokens.map(({ query }) => (query.get('scope') ?? '').replace(/^repository:team\/app:/, ''));
const serviceKey = JSON.stringify({
  type: 'service_account',
  private_key: '-----BEGIN PRIVATE KEY-----\nAA:BB\n',
  x: 'é',
});

const variants: Record<string, Variant> = {
  'GHCR: tokens for anonymous callers too, nothing can be deleted': {
    user: 'anybody',
    manner: { refusesEmptyToken: true, deletes: 'nothing' },
  },
  'Docker Hub: both names for a token': {
    user: 'me',
    manner: {
      tokenAnswer: (token) => ({ token, access_token: token, expires_in: 300, issued_at: '2020-01-01T00:00:00Z' }),
      deletes: 'digest',
    },
  },
  'ECR: Basic with a password of 3 KB': {
    user: 'AWS',
    password: 'x'.repeat(3000),
    manner: {
      auth: 'basic',
      challenge: () => 'Basic realm="https://1.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com"',
    },
    judge: (registry) => {
      expect(registry.tokens).toEqual([]);
    },
  },
  'Artifact Registry: a service account, challenged at /v2/ alone': {
    user: '_json_key',
    password: serviceKey,
    manner: { tokenPath: '/v2/token', challenge: (usual, { path }) => (path === '/v2/' ? usual : []) },
  },
  'ACR: access_token alone, no wildcard': {
    user: '00000000-0000-0000-0000-000000000000',
    manner: {
      tokenPath: '/oauth2/token',
      tokenAnswer: (token) => ({ access_token: token }),
      grant: (asked, has) => (asked.includes('*') ? [] : has.filter((one) => asked.includes(one))),
      deletes: 'digest',
    },
  },
  'Harbor: a robot, deletes by digest': {
    user: 'robot$team+ci',
    manner: { tokenPath: '/service/token', deletes: 'digest' },
  },
  'Quay: a scope with delete in it gives nothing': {
    user: 'team+ci',
    manner: {
      tokenPath: '/v2/auth',
      grant: (asked, has) =>
        asked.includes('*') ? has : asked.includes('delete') ? [] : has.filter((one) => asked.includes(one)),
    },
    judge: (registry) => {
      expect(scopesOf(registry)).toContain('*');
      expect(scopesOf(registry).filter((scope) => scope === 'pull,push,delete')).not.toEqual([]);
    },
  },
  'GitLab: a fraction in Retry-After, no artifactType, manifests that nobody may delete': {
    user: 'gitlab-ci-token',
    deleted: 403,
    manner: {
      tokenPath: '/jwt/auth',
      refusesArtifactType: true,
      before: ({ method, path }, count) => {
        if (count === 3) return { ...fault(429, 'TOOMANYREQUESTS'), headers: { 'retry-after': '0.05' } };
        const isProtected = method === 'DELETE' && path.includes('/manifests/');
        return isProtected ? fault(401, 'PROTECTED_MANIFEST', 'manifest is protected') : undefined;
      },
    },
    judge: (registry) => {
      expect(registry.log().filter((line) => /^DELETE .*manifests/.test(line)).length).toBeLessThanOrEqual(3);
    },
  },
  'Forgejo: Basic and Bearer in one header, tags in lower case': {
    user: 'me',
    manner: {
      tokenPath: '/v2/token',
      tokenAnswer: (token) => ({ token }),
      challenge: (usual) => `${usual}, Basic realm="Forgejo Package API"`,
      tagsFolded: true,
    },
    judge: (registry) => {
      const toRegistry = registry.seen.filter(({ path }) => path !== '/v2/token');
      expect(toRegistry.filter(({ headers }) => headers.authorization?.startsWith('Basic'))).toEqual([]);
    },
  },
};

describe.each(Object.entries(variants))('%s', (_name, { manner, user, password = 'a:b', deleted = 204, judge }) => {
  it('takes a package, gives it back and lets go of it', async () => {
    const rights = { 'team/app': ['pull', 'push', 'delete'] } as const;
    const registry = await startPrivateRegistry({ [user]: { password, images: rights } }, manner);
    const gateway = await startGateway({ store: { registry: registry.host }, settings: { freshness: '0s' } });
    onTestFinished(async () => {
      await gateway.stop();
      await registry.stop();
    });
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const base = `${gateway.url}/apk/team/app/edge/main`;
    const ask = (path: string, method = 'GET', body: Uint8Array<ArrayBuffer> | null = null) =>
      fetch(`${base}${path}`, { method, headers: { authorization }, body });
    const pkg = new Uint8Array(anApk({ name: 'hello', version: '1.0-r0' }));

    const pushed = await ask('/push', 'PUT', pkg);
    expect([pushed.status, await pushed.text()]).toEqual([201, expect.anything()]);
    const read = await ask('/x86_64/hello-1.0-r0.apk');
    expect(Buffer.from(await read.arrayBuffer()).equals(pkg)).toBe(true);
    const listed = async () => {
      const index = await ask('/x86_64/APKINDEX.tar.gz');
      return gunzipSync(await index.arrayBuffer()).includes('P:hello');
    };
    expect(await listed()).toBe(true);
    expect((await ask('/x86_64/hello-1.0-r0.apk', 'DELETE')).status).toBe(deleted);
    expect(await listed()).toBe(deleted !== 204);
    // The credentials went to the registry and its token service as they are, and to nobody without.
    const shown = registry.seen.flatMap(({ headers }) => headers.authorization ?? []);
    expect(shown.every((one) => one === authorization || one.startsWith('Bearer '))).toBe(true);
    judge?.(registry);
  });
});
