import { verbs } from '../../../protocol/words.ts';
import { readJson, readPages } from './gateway-answer.ts';
import { history, withdrawn, type HistoryAnswer, type WithdrawnLine } from './gateway-lines.ts';
import type { HttpAnswer, HttpRequest } from './http-client.ts';

/** What a gateway tells `lkar` of what isn't in an index. */
export interface PastClient {
  /** All that was withdrawn from a repository. */
  withdrawn(branch: string, repository: string): Promise<readonly WithdrawnLine[]>;
  /** What happened in a repository. */
  history(branch: string, repository: string, limit?: string): Promise<HistoryAnswer>;
}

const maxBytes = 64 * 2 ** 20;

/** By requests to a gateway, whose repositories are `at` these segments. */
export function createPastClient(
  send: (asked: HttpRequest) => Promise<HttpAnswer>,
  at: (...segments: readonly string[]) => URL,
): PastClient {
  const get = (url: URL) => send({ method: 'GET', url });
  return {
    async withdrawn(branch, repository) {
      const read = async (url: URL) => readJson(await get(url), withdrawn, maxBytes);
      const pages = await readPages(read, at(branch, repository, verbs.withdrawn));
      return pages.flatMap(({ packages }) => packages);
    },
    async history(branch, repository, limit) {
      const url = at(branch, repository, verbs.history);
      if (limit !== undefined) url.searchParams.set('limit', limit);
      return readJson(await get(url), history, maxBytes);
    },
  };
}
