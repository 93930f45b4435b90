import { expect, it, vi } from 'vitest';
import { createApp } from '../../../src/http/app.ts';
import { GatewayError } from '../../../src/errors.ts';
import type { Change } from '../../../src/repository/service/lifecycle.ts';
import type { Repositories } from '../../../src/repository/service/repositories.ts';
import { aService, anEdge, silentLog } from './an-edge.ts';

const nothing: Change = { isDryRun: false, packages: [], missing: [], notes: [] };

/** An edge whose deletions end when they are told to. */
function anEdgeAtWork() {
  const cancel = () => Promise.resolve();
  const begin: Repositories['begin'] = (_at, { name }) =>
    name === 'reader'
      ? Promise.reject(new GatewayError('FORBIDDEN', 'the right to push is missing'))
      : Promise.resolve({ commit: () => Promise.resolve([]), cancel });
  let resolve: (change: Change) => void = () => {};
  const ended = new Promise<Change>((given) => {
    resolve = given;
  });
  const end = () => {
    resolve(nothing);
  };
  let working = 0;
  const deleteFiles = () => {
    working += 1;
    return ended;
  };
  const service = { deleteFiles, begin, authorize: () => Promise.resolve(true) };
  const edge = anEdge(service, { maxUploads: 3, maxWaiting: 1, waitMs: 60_000 });
  const post = async (files: number, headers: Readonly<Record<string, string>> = {}) => {
    const body = JSON.stringify({ files: Array.from({ length: files }, (_, i) => `x86_64/app-${i}-r0.apk`) });
    const length = { 'content-length': String(body.length), ...headers };
    const answer = await edge.request('/apk/team/app/edge/main/delete', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...length },
      body,
    });
    return answer.status;
  };
  const areWorking = (count: number) =>
    vi.waitFor(() => {
      expect(working).toBe(count);
    });
  return { post, areWorking, end };
}

it('large changes are few in memory at once, small ones as many as are asked for', async () => {
  const { post, areWorking, end } = anEdgeAtWork();
  const large = [post(5000), post(5000)];
  await areWorking(2);
  const waits = post(5000);
  expect(await post(5000)).toBe(503);
  const small = [post(5), post(5), post(5)];
  await areWorking(5);
  end();
  expect(await Promise.all([...large, waits, ...small])).toEqual([200, 200, 200, 200, 200, 200]);
});

it('large changes of those who may only read hold a part of that room, and no other', async () => {
  const { post, areWorking, end } = anEdgeAtWork();
  const reader = { authorization: `Basic ${btoa('reader:secret')}` };
  const readers = [post(5000, reader)];
  await areWorking(1);
  readers.push(post(5000, reader));
  await vi.waitFor(async () => {
    expect(await post(5000, reader)).toBe(503);
  });
  const pushers = [post(5000), post(5000)];
  await areWorking(3);
  end();
  expect(await Promise.all([...readers, ...pushers])).toEqual([200, 200, 200, 200]);
});

it('large changes of strangers hold none of that memory, and stand in the audit log', async () => {
  const lines: object[] = [];
  const log = { ...silentLog(), audit: (line: object) => void lines.push(line) };
  const begin = () => Promise.reject(new GatewayError('UNAUTHORIZED', 'who are you?'));
  const repositories = aService({ authorize: () => Promise.resolve(false), begin });
  const { hono } = createApp({ repositories, log, findUnreadiness: () => Promise.resolve([]) }, {});
  const body = new ReadableStream({
    pull: () => {
      throw new TypeError('nobody reads it');
    },
  });
  const headers = { 'content-type': 'application/json', 'content-length': '20000' };
  const request = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
  expect((await hono.request('/apk/team/app/edge/main/promote', request)).status).toBe(401);
  expect(lines).toMatchObject([{ action: 'promote', outcome: 'refused', code: 'UNAUTHORIZED' }]);
});

it('the audit log tells from where packages were promoted, and whether they left', async () => {
  const lines: object[] = [];
  const log = { ...silentLog(), audit: (line: object) => void lines.push(line) };
  const repositories = aService({ promote: () => Promise.resolve(nothing) });
  const { hono } = createApp({ repositories, log, findUnreadiness: () => Promise.resolve([]) }, {});
  const from = { branch: 'edge', repository: 'main' };
  const body = JSON.stringify({ from, packages: ['app'], move: true });
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
  await hono.request('/apk/team/app/v1/main/promote', { method: 'POST', headers, body });
  expect(lines).toMatchObject([{ action: 'promote', branch: 'v1', from: 'team/app/edge/main', move: true }]);
});
