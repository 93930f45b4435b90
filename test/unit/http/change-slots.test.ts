import { expect, it, vi } from 'vitest';
import type { Change } from '../../../src/repository/service/lifecycle.ts';
import { anEdge } from './an-edge.ts';

const nothing: Change = { isDryRun: false, packages: [], missing: [], notes: [] };

/** An edge whose deletions end when they are told to. */
function anEdgeAtWork() {
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
  const service = { deleteFiles, authorize: () => Promise.resolve(true) };
  const edge = anEdge(service, { maxUploads: 2, maxWaiting: 1, waitMs: 60_000 });
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
