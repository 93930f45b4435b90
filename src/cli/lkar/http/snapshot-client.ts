import { snapshotBranch } from '../../../protocol/coordinates.ts';
import { removedSnapshotSchema } from '../../../protocol/snapshots.ts';
import { verbs } from '../../../protocol/words.ts';
import { readJson, readPages } from './gateway-answer.ts';
import { snapshotLine, snapshots, type SnapshotLine } from './gateway-lines.ts';
import type { HttpAnswer, HttpRequest } from './http-client.ts';

/** What a gateway does for `lkar` with snapshots of a repository. */
export interface SnapshotClient {
  /** The newest first. */
  snapshots(branch: string, repository: string): Promise<readonly SnapshotLine[]>;
  createSnapshot(branch: string, repository: string, name: string): Promise<SnapshotLine>;
  removeSnapshot(
    branch: string,
    repository: string,
    name: string,
  ): Promise<{ readonly freed: boolean; readonly notes: readonly string[] }>;
}

const maxBytes = 64 * 2 ** 20;

/** By requests to a gateway, whose repositories are `at` these segments. */
export function createSnapshotClient(
  send: (asked: HttpRequest) => Promise<HttpAnswer>,
  at: (...segments: readonly string[]) => URL,
): SnapshotClient {
  const sendTo = (method: 'PUT' | 'DELETE', branch: string, repository: string, name: string) =>
    send({ method, url: at(snapshotBranch({ branch, name }), repository) });
  return {
    async snapshots(branch, repository) {
      const read = async (url: URL) => readJson(await send({ method: 'GET', url }), snapshots, maxBytes);
      const pages = await readPages(read, at(branch, repository, verbs.snapshots));
      return pages.flatMap((page) => page.snapshots);
    },
    createSnapshot: async (branch, repository, name) =>
      readJson(await sendTo('PUT', branch, repository, name), snapshotLine, maxBytes),
    removeSnapshot: async (branch, repository, name) =>
      readJson(await sendTo('DELETE', branch, repository, name), removedSnapshotSchema, maxBytes),
  };
}
