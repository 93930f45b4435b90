import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { startGateway, type TestGatewayOptions } from '../../support/gateway.ts';
import { registryProgram, startRegistry } from '../../support/registry.ts';
import { freePort } from '../../support/free-port.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function aGateway(options: TestGatewayOptions = {}) {
  const gateway = await startGateway(options);
  ends.push(() => gateway.stop());
  const push = async () => {
    const body = anApk({ name: 'secretname', version: '1.0-r0' });
    const { statusCode, body: answer } = await request(`${gateway.url}/secretimage/edge/main/push`, {
      method: 'PUT',
      body,
    });
    await answer.dump();
    expect(statusCode).toBe(201);
  };
  return { ...gateway, push };
}

async function textOf(url: string): Promise<string> {
  return (await request(url)).body.text();
}

describe('a request’s id', () => {
  it('is told to the registry with all that is asked for it', async () => {
    const seen: (string | undefined)[] = [];
    const registry = createHttpServer((incoming, outgoing) => {
      seen.push(incoming.headers['x-request-id'] as string | undefined);
      outgoing.writeHead(404).end('{"errors":[{"code":"NAME_UNKNOWN"}]}');
    }).listen(0, '127.0.0.1');
    await once(registry, 'listening');
    ends.push(async () => {
      registry.closeAllConnections();
      registry.close();
      await once(registry, 'close');
    });
    const { port } = registry.address() as AddressInfo;
    const { url } = await aGateway({ store: { registry: `127.0.0.1:${port}` } });
    const headers = { 'x-request-id': 'r-17' };
    const { statusCode, body } = await request(`${url}/demo/edge/main/x86_64/APKINDEX.tar.gz`, { headers });
    await body.dump();
    expect(statusCode).toBe(404);
    expect(new Set(seen)).toEqual(new Set(['r-17']));
  });
});

describe('the metrics', () => {
  it.runIf(registryProgram() !== undefined)('count what was done, and name no image and no package', async () => {
    const registry = await startRegistry();
    ends.push(() => registry.stop());
    const { url, push } = await aGateway({ store: { registry: registry.host } });
    await push();
    for (let i = 0; i < 2; i += 1) await textOf(`${url}/secretimage/edge/main/x86_64/secretname-1.0-r0.apk`);
    await textOf(`${url}/secretimage/edge/main/x86_64/APKINDEX.tar.gz`);
    await textOf(`${url}/secretpath`);
    const text = await textOf(`${url}/metrics`);
    expect(text).toContain('lkard_http_requests_total{route="push",method="PUT",status="201"} 1');
    expect(text).toContain('lkard_http_requests_total{route="file",method="GET",status="200"} 2');
    expect(text).toContain('lkard_http_requests_total{route="index",method="GET",status="200"} 1');
    expect(text).toContain('lkard_package_cache_lookups_total{result="hit"} 1');
    expect(text).toContain('lkard_push_phase_duration_seconds_count{phase="publish"} 1');
    expect(text).toMatch(/lkard_publish_rounds_total\{cause="put"\} \d/);
    expect(text).toMatch(/lkard_registry_requests_total\{operation="tags",method="GET",status="\d+"\} \d/);
    expect(text).toContain('lkard_open_uploads 0');
    expect(text).toContain('nodejs_eventloop_lag_seconds');
    expect(text).not.toContain('secret');
  });

  it('count what becomes of packages after their push, and of snapshots, by verb and outcome', async () => {
    const { url, push } = await aGateway();
    await push();
    const place = `${url}/secretimage/edge`;
    const change = async (method: 'POST' | 'PUT' | 'DELETE', path: string, body?: object) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await request(`${place}${path}`, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
      });
      await answer.body.dump();
      return answer.statusCode;
    };
    const names = { names: ['secretname'] };
    const from = { image: 'secretimage', branch: 'edge', repository: 'main' };
    const asked = [
      await change('PUT', '@first/main'),
      await change('POST', '/stable/promote', { from, packages: ['secretname'] }),
      await change('POST', '/main/withdraw', names),
      await change('POST', '/main/restore', names),
      await change('POST', '/main/prune', { keep: 1 }),
      await change('POST', '/main/delete', { ...names, dryRun: true }),
      await change('POST', '/main/delete', names),
      await change('POST', '/main/delete', { names: ['nowhere'] }),
      await change('POST', '/main/rollback', { snapshot: 'first' }),
      await change('DELETE', '@first/main'),
    ];
    expect(asked).toEqual([201, 200, 200, 200, 200, 200, 200, 404, 200, 200]);
    const text = await textOf(`${url}/metrics`);
    const counted = [...text.matchAll(/^lkard_changed_packages_total\{verb="([^"]+)",outcome="([^"]+)"\} (\d+)$/gm)];
    expect(counted.map(([, ...told]) => told.join(' ')).sort()).toEqual([
      'create-snapshot done 1',
      'delete deleted 1',
      'delete refused 1',
      'promote promoted 1',
      'remove-snapshot done 1',
      'restore restored 1',
      'rollback restored 1',
      'withdraw withdrawn 1',
    ]);
    expect(text).not.toContain('secret');
  });

  it('are served at a port of their own where one is given, and only there', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const { url } = await aGateway({ settings: { 'metrics-addr': address } });
    expect((await request(`${url}/metrics`)).statusCode).toBe(404);
    expect(await textOf(`http://${address}/metrics`)).toContain('lkard_open_uploads');
    expect(await textOf(`http://${address}/readyz`)).toBe('ready\n');
    expect((await request(`http://${address}/secretimage/edge/main/x86_64/APKINDEX.tar.gz`)).statusCode).toBe(404);
  });
});
