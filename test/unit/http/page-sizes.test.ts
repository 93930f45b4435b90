import { describe, expect, it } from 'vitest';
import { maxPageBytes } from '../../../src/http/pages/frame/page-answer.ts';
import type { HistoryEvent } from '../../../src/repository/service/history.ts';
import type { Repositories } from '../../../src/repository/service/repositories.ts';
import { aListedPackage } from '../repository/a-listed-package.ts';
import { aListedRepository } from '../repository/a-listed-repository.ts';
import { aKey, anEdge } from './an-edge.ts';

const place = { branch: 'b'.repeat(64), repository: 'r'.repeat(64) };
const image = `${'i'.repeat(120)}/${'j'.repeat(120)}`;
const base = `/apk/${image}/${place.branch}/${place.repository}`;
// What takes most bytes in a page of what the registry may hold: each becomes five bytes of HTML.
const [name, version, architecture] = ['n&'.repeat(100), `1.${'2'.repeat(200)}-r0`, 'a'.repeat(64)];
const [by, reason] = ['&'.repeat(200), '&'.repeat(500)];
const from = `${image}/${place.branch}/${place.repository}`;
const fileName = `${name}-${version}.apk`;
const digest = `sha256:${'ab'.repeat(32)}` as const;
const date = new Date('2026-03-04T05:06:07Z');
const pkg = { architecture, fileName, name, version, digest, size: 2 ** 40 };
const many = <T>(count: number, one: T): readonly T[] => Array.from({ length: count }, () => one);

const event: HistoryEvent = { ...pkg, event: 'withdrawn', at: date, by, reason };
const withdrawn = {
  ...pkg,
  ...{ pushedAt: date, pushedBy: by, withdrawnAt: date, withdrawnBy: by, reason, fetchableUntil: date },
};
const snapshot = {
  ...place,
  ...{ name: 's'.repeat(64), createdAt: date, createdBy: by },
  architectures: many(20, architecture),
  packages: { count: 100_000, size: 2 ** 50 },
};

const service: Partial<Repositories> = {
  authorize: () => Promise.resolve(true),
  keys: () => Promise.resolve([aKey('k.rsa.pub')]),
  begin: () => Promise.resolve({ commit: () => Promise.resolve([]), cancel: () => Promise.resolve() }),
  repositories: () => Promise.resolve([{ ...aListedRepository(), ...place, architectures: [architecture] }]),
  listIndex: () => Promise.resolve({ etag: '"e"', packages: () => [aListedPackage({ name: 'demo' })] }),
  listSnapshots: () => Promise.resolve(many(5000, snapshot)),
  history: (_at, _caller, { limit }) => {
    const events = many(limit, { ...event, from });
    return Promise.resolve({ events, deletionsSince: date, isComplete: false, next: { before: date, skip: 9 } });
  },
  listWithdrawn: (_at, _caller, { limit = 10_000 } = {}) =>
    Promise.resolve({ packages: many(limit, withdrawn), total: 10_000, isComplete: false }),
  promote: () =>
    Promise.resolve({
      ...{ isDryRun: true, missing: [], notes: many(1000, reason) },
      packages: many(20_000, { ...pkg, outcome: 'promoted' as const, reason }),
    }),
};
const known = { authorization: `Basic ${btoa(`${'u'.repeat(200)}:secret`)}` };

describe('what is told of many packages with the longest names', () => {
  it.each(['history', 'snapshots', 'withdrawn'])('%s is a page of less than 512 KiB', async (view) => {
    for (const page of ['1', '100']) {
      const path = `${base}?view=${view}&page=${page}`;
      const answer = await anEdge(service).request(path, { headers: { ...known, accept: 'text/html' } });
      const text = await answer.text();
      expect(answer.status).toBe(200);
      expect(text).toMatch(/nnnn|n&amp;n|ssss/);
      expect(Buffer.byteLength(text)).toBeLessThan(maxPageBytes);
    }
  });

  it('a promotion that is shown first is one too', async () => {
    const headers = {
      ...{ ...known, accept: 'text/html', origin: 'http://localhost' },
      'content-type': 'application/x-www-form-urlencoded',
    };
    const path = `${base}?arch=${architecture}&package=demo&version=1.0-r0&view=promote`;
    const body = `image=${image}&branch=stable&repository=main&reason=${encodeURIComponent(reason)}`;
    const answer = await anEdge(service).request(path, { method: 'POST', headers, body });
    const text = await answer.text();
    expect(text).toContain('19,950 more files');
    expect(Buffer.byteLength(text)).toBeLessThan(maxPageBytes);
  });

  it.each([
    ['withdrawn.json', 100],
    ['history.json', 100],
    ['snapshots.json', 100],
  ])('%s is less than 512 KiB of JSON', async (file, count) => {
    const answer = await anEdge(service).request(`${base}/${file}`, { headers: known });
    const text = await answer.text();
    const told = JSON.parse(text) as Record<'packages' | 'events' | 'snapshots', unknown[] | undefined>;
    expect((told.packages ?? told.events ?? told.snapshots)?.length).toBe(count);
    expect(Buffer.byteLength(text)).toBeLessThan(maxPageBytes);
  });
});
