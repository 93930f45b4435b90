import { GatewayError } from '../../errors.ts';
import { usualArchitecture, type PackageCatalogs } from '../../repository/catalog/package-catalogs.ts';
import { asPackageOrder } from '../../repository/catalog/package-search.ts';
import type { RepositoryBase } from '../request/addressing.ts';
import type { ListingDocument } from '../../protocol/documents.ts';
import { cacheControl, jsonAnswer } from '../answer/answer.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { describePackage } from '../answer/package-listing.ts';
import { pageOf } from '../request/paging.ts';
import type { RequestReader } from '../caller/request-reader.ts';

interface ListingDeps {
  readonly catalogs: PackageCatalogs;
  readonly requests: RequestReader;
}

const pageSize = 100;

/**
 * `GET <base>/packages.json?arch=&q=&order=&page=`: the newest versions of the packages in which all words of `q` occur, a
 * hundred a page, in the shape of `/_packages`.
 */
export function createListing({ catalogs, requests }: ListingDeps) {
  return async (exchange: Exchange, { at }: RepositoryBase): Promise<Response> => {
    const caller = requests.caller(exchange, 'read');
    const options = { signal: exchange.signal };
    const wanted = exchange.query('arch');
    const architecture = wanted ?? usualArchitecture(await catalogs.architecturesOf(at, caller, options));
    const catalog = await catalogs.open({ ...at, architecture }, caller, options);
    if (catalog === undefined) {
      throw new GatewayError(
        'REPOSITORY_UNKNOWN',
        `${at.branch}/${at.repository} never had a package for ${architecture}`,
      );
    }
    const found = catalog.search(exchange.query('q') ?? '', asPackageOrder(exchange.query('order')));
    const { items, ...paging } = pageOf(found, exchange.query('page'), pageSize);
    const listing: ListingDocument = { architecture, ...paging, packages: items.map(describePackage) };
    return jsonAnswer(200, listing, cacheControl(exchange, 'no-cache'));
  };
}
