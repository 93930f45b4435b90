import { GatewayError } from '../../errors.ts';
import type { ListedPackage, RepositoryCatalog } from '../../repository/service/catalog.ts';
import { cacheControl, jsonAnswer } from '../answer/answer.ts';
import { describePackage } from '../answer/package-listing.ts';
import type { RequestReader } from '../caller/request-reader.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { FileAddress } from '../request/addressing.ts';
import { findByReading } from '../request/ambiguous-path.ts';

interface PackageFactsDeps {
  readonly repositories: Pick<RepositoryCatalog, 'list' | 'listIndex'>;
  readonly requests: RequestReader;
}

/** `GET <base>/<arch>/<file>.apk.json`: what is known of one package, in the shape of `/_packages`; PACKAGE_UNKNOWN where it isn't listed. */
export function createPackageFacts({ repositories, requests }: PackageFactsDeps) {
  return async (exchange: Exchange, address: Omit<FileAddress, 'kind'>): Promise<Response> => {
    const { fileName } = address;
    const caller = requests.caller(exchange, 'read');
    const options = { signal: exchange.signal };
    const found = await findByReading({ ...address, kind: 'file' }, async ({ base: { at }, architecture }) => {
      const listed =
        architecture === undefined
          ? await repositories.list(at, caller, options)
          : (await repositories.listIndex(at, architecture, caller, options))?.packages();
      return only(listed?.filter((pkg) => pkg.fileName === fileName) ?? []);
    });
    if (found !== undefined) return jsonAnswer(200, describePackage(found), cacheControl(exchange, 'no-cache'));
    throw new GatewayError('PACKAGE_UNKNOWN', `there is no ${fileName}`, { details: { file: fileName } });
  };
}

function only([first, second]: readonly ListedPackage[]): ListedPackage | undefined {
  if (first === undefined || second === undefined) return first;
  const { fileName } = first;
  throw new GatewayError('PACKAGE_UNKNOWN', `${fileName} is there for several architectures: name one`, {
    details: { file: fileName },
  });
}
