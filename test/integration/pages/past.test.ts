import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { startGateway, startGatewayWithUsers, type TestGateway } from '../../support/gateway.ts';
import { registryProgram, startRegistry } from '../../support/registry.ts';

const base = '/apk/team/app/edge/main';
const alice = `Basic ${btoa('alice:secret')}`;
const users = { alice: 'secret' };

/** Where alice may do everything and others nothing. */
const stores = {
  'the embedded store': () => startGatewayWithUsers(users, { 'public-read': undefined }),
  'a registry that deletes nothing': async () => {
    const registry = await startRegistry({ users, delete: false });
    const gateway = await startGateway({ store: { registry: registry.host } });
    const stop = async () => {
      await gateway.stop();
      await registry.stop();
    };
    return { ...gateway, stop };
  },
};

describe.each(Object.entries(stores))('on %s', (name, start) => {
  const deletes = name === 'the embedded store';
  describe.skipIf(!deletes && registryProgram() === undefined)('by pages', () => {
    let gateway: TestGateway;
    beforeAll(async () => {
      gateway = await start();
      for (const version of ['1.0-r0', '2.0-r0']) {
        const body = new Uint8Array(anApk({ name: 'demo', version }));
        const headers = { authorization: alice };
        expect((await fetch(`${gateway.url}${base}/push`, { method: 'PUT', headers, body })).status).toBe(201);
      }
    }, 30_000);
    afterAll(() => gateway.stop());

    const show = async (path: string, headers: Record<string, string> = { authorization: alice }) => {
      const answer = await fetch(`${gateway.url}${path}`, { headers: { accept: 'text/html', ...headers } });
      return { status: answer.status, text: await answer.text() };
    };
    const send = (path: string, fields: Record<string, string>, headers: Record<string, string> = known()) =>
      fetch(`${gateway.url}${path}`, {
        ...{ method: 'POST', redirect: 'manual', body: new URLSearchParams(fields) },
        headers: { accept: 'text/html', ...headers },
      });
    const known = () => ({ authorization: alice, origin: gateway.url });
    const listed = async (where = base) => {
      const pages = ['1.0-r0', '2.0-r0'].map(async (version) => {
        const { status } = await show(`${where}?arch=x86_64&package=demo&version=${version}`);
        return status === 200 ? [version] : [];
      });
      return (await Promise.all(pages)).flat();
    };

    it('a package is withdrawn with a reason, shown with it, and restored, all by pages', async () => {
      const ask = `${base}?arch=x86_64&package=demo&version=1.0-r0&view=withdraw`;
      expect((await send(ask, { reason: 'breaks <b>booting</b>' })).status).toBe(200);
      expect(await listed()).toEqual(['2.0-r0']);

      for (const view of ['withdrawn', 'history']) {
        const { status, text } = await show(`${base}?view=${view}`);
        expect([view, status]).toEqual([view, 200]);
        expect(text).toContain('breaks &lt;b&gt;booting&lt;/b&gt;');
        expect(text).toMatch(/withdrawn[^]*by alice/);
      }
      const feed = await show(`${base}/feed.atom`);
      expect(feed.text).toMatch(/<title>demo 1\.0-r0 withdrawn<\/title>[^]*breaks &lt;b&gt;booting/);

      expect((await send(`${base}?view=withdrawn`, { file: '*' })).status).toBe(400);
      const restored = await send(`${base}?view=withdrawn`, { file: 'x86_64/demo-1.0-r0.apk' });
      expect([restored.status, restored.headers.get('location')]).toEqual([
        303,
        `${base}?arch=x86_64&package=demo&version=1.0-r0`,
      ]);
      expect(await listed()).toEqual(['1.0-r0', '2.0-r0']);
      expect((await show(`${base}?view=withdrawn`)).text).toContain('Nothing is withdrawn here');
      expect((await show(`${base}?view=history`)).text).toMatch(/restored[^]*by alice/);
    });

    it('a snapshot is made, looked at and removed by pages; its own pages offer no change', async () => {
      expect((await send(`${base}?view=snapshots`, { name: 'no/name' })).status).toBe(400);
      expect((await send(`${base}?view=snapshots`, { name: 'first' })).status).toBe(303);
      expect((await send(`${base}?view=snapshots`, { name: 'first' })).status).toBe(409);
      expect((await show(`${base}?view=snapshots`)).text).toContain('href="/apk/team/app/edge@first/main"');
      expect((await show(`${base}?view=history`)).text).toContain('snapshot made');

      const deletion = `${base}?arch=x86_64&package=demo&version=2.0-r0&view=delete`;
      expect((await send(deletion, { now: 'yes' })).status).toBe(200);
      expect([await listed(), await listed('/apk/team/app/edge@first/main')]).toEqual([
        ['1.0-r0'],
        ['1.0-r0', '2.0-r0'],
      ]);

      expect((await show(`${base}?view=history`)).text).toMatch(/deleted[^]*demo[^]*2\.0-r0/);
      expect((await show(`${base}/feed.atom`)).text).toContain('<title>demo 2.0-r0 deleted</title>');

      const inside = '/apk/team/app/edge@first/main';
      for (const path of [inside, `${inside}?package=demo&version=2.0-r0`]) {
        const { status, text } = await show(path);
        expect([path, status]).toEqual([path, 200]);
        expect(text).toMatch(/A snapshot of[^]*edge\/main[^]*by alice/);
        expect(text).toContain(`${gateway.url}${inside}/setup`);
        expect(text).not.toMatch(/\/push|view=delete|view=withdraw|view=history/);
      }
      expect((await show(`${inside}?package=demo&view=delete`)).status).toBe(405);
      expect((await send(`${inside}?package=demo&view=delete`, {})).status).toBe(405);
      expect((await show('/apk/team/app/edge@none/main')).status).toBe(404);

      expect((await show(`${base}?view=remove-snapshot&name=first`)).text).toContain('edge@first/main');
      const removed = await send(`${base}?view=remove-snapshot&name=first`, {});
      expect([removed.status, (await removed.text()).includes('stays stored')]).toEqual([200, !deletes]);
      expect((await show(`${base}?view=snapshots`)).text).toContain('There is no snapshot of it');
      expect((await show(inside)).status).toBe(404);
    });

    it.each([
      ['withdrawn', { file: 'x86_64/demo-1.0-r0.apk' }],
      ['snapshots', { name: 'foreign' }],
      ['remove-snapshot&name=foreign', {}],
    ])('a form of another site changes nothing, nor one of nobody: %s', async (view, fields) => {
      const path = `${base}?view=${view}`;
      expect((await send(path, fields, { authorization: alice, origin: 'https://evil.example' })).status).toBe(403);
      expect((await send(path, fields, { origin: gateway.url })).status).toBe(303);
      expect((await show(`${base}?view=snapshots`)).text).not.toContain('foreign');
    });

    it('the past is shown to those alone who may read, and its forms to those who are logged in', async () => {
      for (const view of ['withdrawn', 'snapshots', 'history', 'remove-snapshot&name=x']) {
        const answer = await fetch(`${gateway.url}${base}?view=${view}`, {
          ...{ redirect: 'manual', headers: { accept: 'text/html' } },
        });
        expect([view, answer.status]).toEqual([view, 303]);
      }
    });
  });
});
