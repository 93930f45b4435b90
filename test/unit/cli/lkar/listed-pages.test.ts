import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createPastClient } from '../../../../src/cli/lkar/http/past-client.ts';
import { createSnapshotClient } from '../../../../src/cli/lkar/http/snapshot-client.ts';
import type { HttpRequest } from '../../../../src/cli/lkar/http/http-client.ts';

const when = '2026-03-04T05:06:07.000Z';

/** A gateway that tells one item a page; the pages that were asked for. */
function aGateway(document: (page: number) => object) {
  const asked: number[] = [];
  const send = ({ url }: HttpRequest) => {
    const page = Number(url.searchParams.get('page'));
    asked.push(page);
    return Promise.resolve({
      status: 200,
      header: () => undefined,
      body: Readable.from([JSON.stringify(document(page))]),
    });
  };
  const at = (...segments: readonly string[]) => new URL(`http://gateway/${segments.join('/')}`);
  return { asked, ...createSnapshotClient(send, at), ...createPastClient(send, at) };
}

const aSnapshot = (page: number) => ({
  ...{ name: `s${page}`, branch: 'edge', repository: 'main', createdAt: when, architectures: [] },
  packages: { count: 1, size: 1 },
});
const aPackage = (page: number) => ({
  ...{ architecture: 'x86_64', fileName: `p${page}-1.apk`, name: `p${page}`, version: '1' },
  ...{ digest: 'sha256:x', size: 1, pushedAt: when, withdrawnAt: when },
});

describe('a list of several pages', () => {
  it('of snapshots is read to its end', async () => {
    const gateway = aGateway((page) => ({ snapshots: [aSnapshot(page)], total: 3, page, pages: 3 }));
    expect((await gateway.snapshots('edge', 'main')).map(({ name }) => name)).toEqual(['s1', 's2', 's3']);
  });

  it('of snapshots is all that there is where an older gateway tells no pages', async () => {
    const gateway = aGateway((page) => ({ snapshots: [aSnapshot(page)] }));
    expect((await gateway.snapshots('edge', 'main')).map(({ name }) => name)).toEqual(['s1']);
  });

  it('of what was withdrawn is read to its end, which never is further than a thousand pages', async () => {
    const gateway = aGateway((page) => ({ packages: [aPackage(page)], total: 1, page, pages: 1e9, complete: true }));
    expect(await gateway.withdrawn('edge', 'main')).toHaveLength(1000);
    expect(gateway.asked.at(-1)).toBe(1000);
  });
});
