import { describe, expect, it } from 'vitest';
import { snapshotsSchema } from '../../../src/protocol/snapshots.ts';
import type { HistoryEvent } from '../../../src/repository/service/history.ts';
import { anEdge } from './an-edge.ts';

const base = '/apk/team/app/edge/main';
const event: HistoryEvent = {
  ...{ event: 'published', at: new Date('2026-03-04T05:06:07Z') },
  ...{ architecture: 'x86_64', fileName: 'app-1-r0.apk', name: 'app', version: '1-r0' },
};

describe('what was withdrawn', () => {
  it('is told a hundred a page, with links to the others', async () => {
    const asked: unknown[] = [];
    const edge = anEdge({
      listWithdrawn: (_at, _caller, options) => {
        asked.push([options?.offset, options?.limit]);
        return Promise.resolve({ packages: [], total: 250, isComplete: true });
      },
    });
    const answer = await edge.request(`${base}/withdrawn.json?page=2`);
    expect(await answer.json()).toMatchObject({ page: 2, pages: 3, total: 250, complete: true });
    expect(answer.headers.get('link')).toContain('<?page=3>; rel="next"');
    expect(asked).toEqual([[100, 100]]);
    expect((await edge.request(`${base}/withdrawn.json?page=x`)).status).toBe(400);
  });
});

describe('snapshots', () => {
  it('are told a hundred a page, with links to the others', async () => {
    const of = { ...{ branch: 'edge', repository: 'main' }, createdAt: new Date(0), architectures: ['x86_64'] };
    const all = Array.from({ length: 150 }, (_, i) => ({ ...of, name: `s${i}`, packages: { count: 1, size: 1 } }));
    const edge = anEdge({ listSnapshots: () => Promise.resolve(all) });
    const answer = await edge.request(`${base}/snapshots.json?page=2`);
    const document = snapshotsSchema.parse(await answer.json());
    expect(document).toMatchObject({ page: 2, pages: 2, total: 150 });
    expect(document.snapshots.map(({ name }) => name)).toEqual(all.slice(100).map(({ name }) => name));
    expect(answer.headers.get('link')).toContain('<?page=1>; rel="prev"');
    const first = await edge.request(`${base}/snapshots.json`);
    expect(first.headers.get('link')).toContain('<?page=2>; rel="next"');
    expect((await edge.request(`${base}/snapshots.json?page=0`)).status).toBe(400);
  });
});

describe('a history', () => {
  it('says that there is more, and where', async () => {
    const asked: unknown[] = [];
    const next = { before: new Date('2026-03-04T05:06:07.001Z'), skip: 1 };
    const edge = anEdge({
      history: (_at, _caller, { limit, before, skip }) => {
        asked.push([limit, before, skip]);
        const isFirst = before === undefined;
        const told = { events: [event], deletionsSince: new Date(0), isComplete: true };
        return Promise.resolve({ ...told, next: isFirst ? next : undefined });
      },
    });
    const first = await edge.request(`${base}/history.json?limit=1`);
    expect(await first.json()).toMatchObject({ more: true, complete: true });
    const [, query = ''] = /<(\?[^>]*)>; rel="next"/.exec(first.headers.get('link') ?? '') ?? [];
    const last = await edge.request(`${base}/history.json${query}`);
    expect(await last.json()).toMatchObject({ more: false });
    expect(last.headers.get('link')).toBeNull();
    expect(asked).toEqual([
      [1, undefined, 0],
      [1, next.before, 1],
    ]);
    expect((await edge.request(`${base}/history.json?skip=-1`)).status).toBe(400);
  });
});
