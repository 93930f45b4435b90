import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createLog } from '../../../src/cli/lkard/log.ts';
import { openAuditFile } from '../../../src/cli/lkard/audit-file.ts';
import { aTerminal } from '../../support/a-terminal.ts';
import { anApk } from '../../support/an-apk.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { startPrivateRegistry, type PrivateRegistry } from '../../support/private-registry.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const as = (user: string, password = `${user}-pw`) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const hello = new Uint8Array(anApk({ name: 'hello', version: '1.0-r0' }));
const file = '/apk/team/app/edge/main/x86_64/hello-1.0-r0.apk';

describe('the audit log', () => {
  let registry: PrivateRegistry;
  let gateway: TestGateway;
  beforeAll(async () => {
    registry = await startPrivateRegistry({
      alice: { password: 'alice-pw', images: { 'team/app': ['pull', 'push', 'delete'] } },
      carol: { password: 'carol-pw', images: { 'team/app': ['pull'] } },
    });
    const settings = { 'signing-key': [], 'aes-key': 'ab'.repeat(32), 'trusted-proxy': ['127.0.0.1'] };
    gateway = await startGateway({ store: { registry: registry.host }, settings });
  });
  afterAll(async () => {
    await gateway.stop();
    await registry.stop();
  });

  const audited = async (work: () => Promise<unknown>) => {
    const before = gateway.log.lines.length;
    await work();
    return gateway.log.lines.slice(before).flatMap(({ fields }) => ('audit' in fields ? [fields] : []));
  };
  const ask = (at: string, headers: Record<string, string>, more: RequestInit = {}) =>
    fetch(`${gateway.url}${at}`, { headers: { 'x-forwarded-for': '203.0.113.7', ...headers }, ...more });
  const put = (headers: Record<string, string>, body: string | Uint8Array<ArrayBuffer> = hello, query = '') =>
    ask(`/apk/team/app/edge/main/push${query}`, headers, { method: 'PUT', body });
  const place = { image: 'team/app', branch: 'edge', repository: 'main' };
  const line = (fields: object) => expect.objectContaining({ audit: true, remote: '203.0.113.7', ...fields }) as object;

  it('has a line for each push, each new key, each delete, and who did it from where', async () => {
    const files = ['x86_64/hello-1.0-r0.apk'];
    const digests = [`sha256:${createHash('sha256').update(hello).digest('hex')}`];
    expect(await audited(() => put(as('alice')))).toEqual([
      expect.objectContaining({ action: 'key', outcome: 'accepted', image: 'team/app' }),
      line({ action: 'push', outcome: 'accepted', who: 'alice', files, digests, ...place }),
    ]);
    expect(await audited(() => put(as('alice'), undefined, '?if-exists=skip'))).toEqual([
      line({ action: 'push', outcome: 'unchanged', files, digests, unchanged: files }),
    ]);
    const listed = await (await ask('/_packages/apk/team/app', as('carol'))).json();
    expect(listed).toMatchObject([{ name: 'hello', pushedBy: 'alice' }]);
    expect(await audited(() => ask(file, as('alice'), { method: 'DELETE' }))).toEqual([
      line({ action: 'delete', outcome: 'accepted', who: 'alice', files, ...place }),
    ]);
  });

  it.each<[string, object, () => Promise<unknown>]>([
    ['a push without the right', { action: 'push', who: 'carol', code: 'FORBIDDEN' }, () => put(as('carol'))],
    ['a push by nobody', { action: 'push', who: 'anonymous', code: 'UNAUTHORIZED' }, () => put({})],
    ['a push of rubbish', { action: 'push', who: 'alice', code: 'PACKAGE_MALFORMED' }, () => put(as('alice'), 'x')],
    [
      'a delete without the right',
      { action: 'delete', who: 'carol', code: 'FORBIDDEN' },
      () => put(as('alice')).then(() => ask(file, as('carol'), { method: 'DELETE' })),
    ],
    [
      'a change by another site’s page',
      { action: 'delete', who: 'alice', code: 'FORBIDDEN' },
      () => ask(file, { ...as('alice'), 'sec-fetch-site': 'cross-site' }, { method: 'DELETE' }),
    ],
    ['a wrong password', { action: 'read', who: 'alice', code: 'UNAUTHORIZED' }, () => ask(file, as('alice', 'guess'))],
    ['a stranger', { action: 'read', who: 'mallory', code: 'UNAUTHORIZED' }, () => ask(file, as('mallory'))],
    ['a refused login', { action: 'login', code: 'UNAUTHORIZED' }, () => ask('/_auth/login', as('alice', 'guess'))],
    [
      'a user name with line breaks in it',
      { action: 'read', who: 'a?{"audit"', code: 'UNAUTHORIZED' },
      () => ask(file, as('a\n{"audit":true}\n')),
    ],
    ['a token', { action: 'read', who: 'a Bearer token' }, () => ask(file, { authorization: 'Bearer e30.e30.c2ln' })],
  ])('has one line for %s', async (_what, fields, attempt) => {
    const lines = await audited(attempt);
    expect(lines.at(-1)).toEqual(line({ outcome: 'refused', ...fields }));
    expect(lines.filter((one) => 'outcome' in one && one.outcome === 'refused')).toHaveLength(1);
  });

  it('and the log have what the registry said, of which the caller learns nothing but what to do', async () => {
    for (const headers of [as('mallory'), as('alice', 'guess'), {}]) {
      for (const path of [file, '/apk/team/app/edge/main/x86_64/APKINDEX.tar.gz', '/_packages/apk/team/app']) {
        const before = gateway.log.lines.length;
        const answer = await ask(path, { accept: 'application/json', ...headers });
        const said = await answer.text();
        expect([answer.status, said]).toEqual([
          401,
          expect.not.stringMatching(/127\.0\.0\.1|localhost|index-|manifest/),
        ]);
        const requestId = answer.headers.get('x-request-id');
        const told = gateway.log.lines
          .slice(before)
          .filter(({ fields }) => 'requestId' in fields && fields.requestId === requestId);
        expect(told.map(({ message }) => message).join()).toContain(registry.host);
      }
    }
  });

  it('has none for reading, nor for the challenge that every client begins with', async () => {
    expect(await audited(() => ask(file, as('carol')))).toEqual([]);
    expect(await audited(() => ask(file, {}))).toEqual([]);
  });

  it('holds no password, no token and no key', () => {
    expect(JSON.stringify(gateway.log.lines)).not.toMatch(/-pw|guess|e30\.e30|PRIVATE|abababab/);
  });
});

describe('where audit lines go', () => {
  it('is among the others, whatever the level of those', () => {
    const terminal = aTerminal();
    const log = createLog(terminal.stdout, { level: 'error', format: 'json' });
    log.info({}, 'not this');
    log.audit({ action: 'push' }, 'audit: push accepted');
    expect(JSON.parse(terminal.printed())).toMatchObject({ audit: true, action: 'push', level: 'info' });
  });

  it('is a file of their own, which may be moved away at any time', async () => {
    const folder = await makeTempDir();
    onTestFinished(() => folder.remove());
    const at = path.join(folder.path, 'audit.log');
    await writeFile(at, 'kept\n');
    const terminal = aTerminal();
    const log = createLog(
      terminal.stdout,
      { level: 'info', format: 'text' },
      { auditOutput: openAuditFile(at, terminal) },
    );
    log.audit({ action: 'push' }, 'one');
    await rename(at, `${at}.1`);
    log.audit({ action: 'delete' }, 'two');
    const [kept, first] = (await readFile(`${at}.1`, 'utf8')).split('\n');
    expect([kept, JSON.parse(first ?? '')]).toEqual(['kept', expect.objectContaining({ audit: true, action: 'push' })]);
    expect(JSON.parse(await readFile(at, 'utf8'))).toMatchObject({ action: 'delete', msg: 'two' });
    expect((await stat(at)).mode & 0o777).toBe(0o600);
    expect(terminal.printed()).toBe('');
  });

  it('is checked at the start, and a line that cannot be written is not lost in silence', async () => {
    const folder = await makeTempDir();
    onTestFinished(() => folder.remove());
    const terminal = aTerminal();
    const missing = path.join(folder.path, 'no', 'audit.log');
    expect(() => openAuditFile(missing, terminal)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    const at = path.join(folder.path, 'audit.log');
    const log = createLog(
      terminal.stdout,
      { level: 'info', format: 'json' },
      { auditOutput: openAuditFile(at, terminal) },
    );
    await rename(at, `${at}.1`);
    await mkdir(at);
    log.audit({ action: 'push' }, 'one');
    expect(terminal.said()).toMatch(/audit log can't be written.*"action":"push"/);
  });
});

it('a line of the log in text is one line, whatever stands in it', () => {
  const terminal = aTerminal();
  createLog(terminal.stdout, { level: 'info', format: 'text' }).info(
    { path: 'a\n12:00:00 info  forged' },
    'hello\nyou',
  );
  expect(terminal.printed().split('\n')).toHaveLength(2);
});
