import { isArchitecture } from '../../apk/package-name.ts';
import { GatewayError } from '../../errors.ts';
import { usualArchitecture, type PackageCatalogs } from '../../repository/catalog/package-catalogs.ts';
import { parsePackageOrder, type PackageOrder } from '../../repository/catalog/package-search.ts';
import type { RepositoryBase } from '../request/addressing.ts';
import type { ListingDocument } from '../../protocol/documents.ts';
import { cacheControl, jsonAnswer } from '../answer/answer.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { describePackage } from '../answer/package-listing.ts';
import { exactPageOf, pageLinks } from '../request/paging.ts';
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
    const [q, order, wanted] = [exchange.query('q'), exchange.query('order'), exchange.query('arch')];
    const inOrder = orderOf(order);
    if (wanted !== undefined && !isArchitecture(wanted)) throw noArchitecture(wanted);
    const architecture = wanted ?? usualArchitecture(await catalogs.architecturesOf(at, caller, options));
    const catalog = await catalogs.open({ ...at, architecture }, caller, options);
    if (catalog === undefined) {
      throw new GatewayError(
        'REPOSITORY_UNKNOWN',
        `${at.branch}/${at.repository} never had a package for ${architecture}`,
      );
    }
    const found = catalog.search(q ?? '', inOrder);
    const { items, ...paging } = exactPageOf(found, exchange.query('page'), pageSize);
    const listing: ListingDocument = { architecture, ...paging, packages: items.map(describePackage) };
    const link = pageLinks({ arch: wanted, q, order }, paging);
    return jsonAnswer(200, listing, { ...cacheControl(exchange, 'no-cache'), Link: link });
  };
}

function orderOf(text: string | undefined): PackageOrder | undefined {
  const order = text === undefined ? undefined : parsePackageOrder(text);
  if (text === undefined || order !== undefined) return order;
  throw new GatewayError('REQUEST_INVALID', 'order must be match, name, date or size');
}

function noArchitecture(architecture: string): GatewayError {
  const message = `${JSON.stringify(architecture)} can't name an architecture`;
  return new GatewayError('ARCHITECTURE_INVALID', message, { details: { architecture } });
}
