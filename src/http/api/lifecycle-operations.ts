import {
  changeSchema,
  deletionSchema,
  historySchema,
  promotionSchema,
  pruningSchema,
  restoringSchema,
  withdrawnSchema,
  rollbackSchema,
} from '../../protocol/lifecycle.ts';
import type { Operation } from './operations.ts';

const base = '/apk/{image}/{branch}/{repository}';
const historyQuery = {
  limit: 'events at most; default 100',
  before: 'a moment; only what was before it',
  skip: 'so many of those are left out, as `Link` says',
};
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
      ...{ id: 'promotePackages', method: 'post', path: `${base}/promote`, refusals: [404, 409, 413, 422] },
      bodySchema: promotionSchema,
      summary: 'Lists packages of another repository of the registry in this one, all or none',
      answers: { 200: { description: 'what was promoted, or with `dryRun` would be', ...changed } },
    },
    {
      ...{ id: 'prunePackages', method: 'post', path: `${base}/prune`, refusals: [404, 409, 413] },
      bodySchema: pruningSchema,
      summary: 'Deletes what the policy in the body lets go, in one change of the index',
      answers: {
        200: { description: 'what went, or with `dryRun` would go, and what is kept because it is needed', ...changed },
      },
    },
    {
      ...{ id: 'withdrawPackages', method: 'post', path: `${base}/withdraw`, refusals: [404, 409, 413] },
      bodySchema: deletionSchema,
      summary: 'Takes all packages that the body selects out of the index until they are restored',
      answers: { 200: { description: 'what was withdrawn, or with `dryRun` would be', ...changed } },
    },
    {
      ...{ id: 'restorePackages', method: 'post', path: `${base}/restore`, refusals: [404, 409, 413] },
      bodySchema: restoringSchema,
      summary: 'Lists withdrawn packages again, byte for byte, all or none',
      answers: { 200: { description: 'what was restored, or with `dryRun` would be', ...changed } },
    },
    {
      ...{ id: 'getHistory', method: 'get', path: `${base}/history.json`, refusals: [404] },
      query: historyQuery,
      summary:
        'What was published, promoted, withdrawn, restored and deleted, by whom and when, as far as it is remembered',
      answers: {
        200: { description: 'the events, the latest first', contentType: 'application/json', schema: historySchema },
      },
    },
    {
      ...{ id: 'listWithdrawn', method: 'get', path: `${base}/withdrawn.json`, refusals: [404] },
      query: { page: 'from 1 on; a page has up to 100' },
      summary: 'What was withdrawn, by whom, when and why',
      answers: { 200: { description: 'the packages', contentType: 'application/json', schema: withdrawnSchema } },
    },
    {
      ...{ id: 'rollBack', method: 'post', path: `${base}/rollback`, refusals: [404, 409, 413] },
      bodySchema: rollbackSchema,
      summary: 'Makes the repository what a snapshot of it says',
      answers: { 200: { description: 'what came and went, or with `dryRun` would', ...changed } },
    },
  ];
}
