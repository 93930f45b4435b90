import type { Config } from '../config/config.ts';
import type { HttpOptions } from '../http/options.ts';
import type { Store } from '../store/store.ts';

/** What a configuration, and the store opened by it, say to the HTTP edge. */
export function httpOptionsOf({ http, singleImage, store, repository }: Config, opened: Store): HttpOptions {
  const judgesCallers = store.kind === 'registry' || store.htpasswdFile !== undefined;
  const isPublicRead = store.kind === 'directory' && store.isPublicRead;
  const readsForAnybody = !judgesCallers || isPublicRead || http.anonymousAsGateway !== undefined;
  const hasAskedWho = () => opened.hasAskedWho?.() ?? true;
  const { deleteGraceMs } = repository;
  return { ...http, singleImage, judgesCallers, readsForAnybody, hasAskedWho, deleteGraceMs };
}
