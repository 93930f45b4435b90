import type { PackageCatalogs } from '../../../repository/catalog/package-catalogs.ts';
import { maxQueryLength } from '../../../repository/catalog/package-search.ts';
import { createWideSearch } from '../../../repository/catalog/wide-search.ts';
import { parseImage } from '../../../protocol/coordinates.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import type { HttpDependencies, HttpSettings } from '../../options.ts';
import { pageOf } from '../../request/paging.ts';
import { createUploadSlots } from '../../upload/upload-slots.ts';
import { pageAnswer } from '../frame/page-answer.ts';
import type { PageContext } from '../frame/page-context.tsx';
import { imagePath, withQuery } from '../frame/page-links.ts';
import { SearchPage } from './search-page.tsx';

interface SearchPagesDeps extends Pick<HttpDependencies, 'repositories'> {
  readonly catalogs: PackageCatalogs;
  readonly context: PageContext;
}

/** Searches under way at once, and those that wait for one to end: each looks through many indexes. */
const slots = { maxUploads: 4, maxWaiting: 16, waitMs: 5_000 };
const pageSize = 50;

/** `/_search?q=`: everything that the caller may read. OVERLOADED where too many search already. */
export function createSearchPages(deps: SearchPagesDeps, settings: HttpSettings) {
  const search = createWideSearch(deps);
  const searching = createUploadSlots(slots);
  const { singleImage } = settings;

  return (exchange: Exchange): Promise<Response> =>
    deps.context.answer(exchange, async (request) => {
      const { caller, signal, frame } = request;
      const query = (request.query('q') ?? '').slice(0, maxQueryLength);
      const asked = request.query('near') || undefined;
      const near = asked === undefined || singleImage !== undefined ? undefined : parseImage(asked);
      const giveBack = await searching.take(signal);
      try {
        const { packages, ...result } = await search(query, caller, { only: singleImage, near, signal });
        const found = pageOf(packages, request.query('page'), pageSize);
        const pathOf = (image: string) => `${frame.prefix}${imagePath(image, frame, settings)}`;
        const linkToPage = (page: number) =>
          withQuery(`${frame.prefix}/_search`, { q: query, near, page: String(page) });
        const props = { frame, query, near, ...result, found, pathOf, linkToPage };
        return await pageAnswer(200, <SearchPage {...props} namesImages={singleImage === undefined} />);
      } finally {
        giveBack();
      }
    });
}
