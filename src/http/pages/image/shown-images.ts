import { inParallel } from '../../../concurrency/in-parallel.ts';
import { isGatewayError } from '../../../errors.ts';
import type { PackageCatalogs } from '../../../repository/catalog/package-catalogs.ts';
import type { ListedRepository } from '../../../repository/service/catalog.ts';
import type { HttpDependencies } from '../../options.ts';
import { pageOf } from '../../request/paging.ts';
import type { PageRequest } from '../frame/page-context.tsx';
import { withQuery } from '../frame/page-links.ts';
import type { ShownImages } from './start-page.tsx';

interface ShownImagesDeps extends Pick<HttpDependencies, 'repositories'> {
  readonly catalogs: Pick<PackageCatalogs, 'repositoriesOf'>;
}

const pageSize = 24;
const concurrency = 8;
/** Images whose figures take longer are shown without. */
const figuresMs = 2_000;

/** A page of the images that the caller may read, with what they hold; undefined where `Repositories.images` is. */
export function createShownImages({ repositories, catalogs }: ShownImagesDeps) {
  const repositoriesOf = async (image: string, { caller }: PageRequest, signal: AbortSignal) => {
    try {
      return await catalogs.repositoriesOf(image, caller, { signal });
    } catch (error) {
      if (!isGatewayError(error)) throw error;
      return undefined;
    }
  };

  return async (request: PageRequest): Promise<ShownImages | undefined> => {
    const listed = await repositories.images(request.caller, { signal: request.signal });
    if (listed === undefined) return undefined;
    const { frame, query: parameter } = request;
    const query = (parameter('q') ?? '').slice(0, 200);
    const matching = listed.names.filter((name) => name.includes(query.trim().toLowerCase()));
    const { items, ...paging } = pageOf(matching, parameter('page'), pageSize);
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(figuresMs)]);
    const figures = await inParallel(items, concurrency, (image) =>
      inTime(repositoriesOf(image, request, signal), signal),
    );
    const q = query === '' ? undefined : query;
    return {
      query,
      isComplete: listed.isComplete,
      found: { ...paging, items: items.map((name, i) => ({ name, repositories: figures[i] })) },
      linkTo: (image) => `${frame.prefix}/_images/${image}`,
      linkToPage: (page) => withQuery(`${frame.prefix}/`, { q, page: page === 1 ? undefined : String(page) }),
    };
  };
}

/** Not all that a listing waits for hears its signal. */
function inTime(
  found: Promise<readonly ListedRepository[] | undefined>,
  signal: AbortSignal,
): Promise<readonly ListedRepository[] | undefined> {
  const late = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve(undefined);
        },
        { once: true },
      );
  });
  return Promise.race([found, late]);
}
