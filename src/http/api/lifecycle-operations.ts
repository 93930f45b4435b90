import { changeSchema, deletionSchema, pruningSchema } from '../../protocol/lifecycle.ts';
import type { Operation } from './operations.ts';

const base = '/apk/{image}/{branch}/{repository}';
const changed = { contentType: 'application/json', schema: changeSchema };

/** What becomes of packages after their push. */
export function lifecycleOperations(): readonly Operation[] {
  return [
    {
      ...{ id: 'deletePackages', method: 'post', path: `${base}/delete`, refusals: [404, 409, 413] },
      bodySchema: deletionSchema,
      summary: 'Deletes all packages that the body selects, in one change of the index',
      answers: { 200: { description: 'what was deleted, or with `dryRun` would be', ...changed } },
    },
    {
      ...{ id: 'prunePackages', method: 'post', path: `${base}/prune`, refusals: [404, 409, 413] },
      bodySchema: pruningSchema,
      summary: 'Deletes what the policy in the body lets go, in one change of the index',
      answers: {
        200: { description: 'what went, or with `dryRun` would go, and what is kept because it is needed', ...changed },
      },
    },
  ];
}
