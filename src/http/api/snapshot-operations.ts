import { removedSnapshotSchema, snapshotSchema, snapshotsSchema } from '../../protocol/snapshots.ts';
import type { Operation } from './operations.ts';

const path = '/apk/{image}/{branch}@{snapshot}/{repository}';
const contentType = 'application/json';

/** Repositories as they were. All that reads a repository reads a snapshot, `{branch}@{snapshot}` in the branch's place. */
export function snapshotOperations(): readonly Operation[] {
  return [
    {
      ...{ id: 'listSnapshots', method: 'get', path: '/apk/{image}/{branch}/{repository}/snapshots.json' },
      query: { page: 'from 1 on; a page has up to 100' },
      summary: 'The snapshots of a repository, the newest first',
      answers: { 200: { description: 'one page', contentType, schema: snapshotsSchema } },
    },
    {
      ...{ id: 'createSnapshot', method: 'put', path, refusals: [404, 409] },
      summary: 'Keeps what the repository lists now, to be read under this path',
      answers: { 201: { description: 'it is there', contentType, schema: snapshotSchema } },
    },
    {
      ...{ id: 'removeSnapshot', method: 'delete', path, refusals: [404] },
      summary: 'Ends a snapshot, and sets free what nothing else holds',
      answers: { 200: { description: 'it is gone', contentType, schema: removedSnapshotSchema } },
    },
  ];
}
