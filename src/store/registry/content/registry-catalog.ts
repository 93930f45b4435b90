import { untilAborted } from '../../../concurrency/aborted.ts';
import { isImageName } from '../../../oci/reference.ts';
import type { RegistryAuth } from '../login/registry-auth.ts';
import type { RegistryClient } from '../transport/registry-client.ts';
import type { GatewayCredentials } from '../login/registry-credentials.ts';
import { refusalFault, type RequestSubject } from '../transport/registry-fault.ts';
import { invalidListingOf, nextPageOf, parseListing } from './registry-listing.ts';
import type { Patience } from '../transport/patience.ts';
import type { Credentials, ImageNames } from '../../store.ts';

export interface RegistryCatalogDeps {
  readonly client: RegistryClient;
  readonly auth: RegistryAuth;
  readonly gatewayCredentials: GatewayCredentials;
}

// ECR and distribution 3 refuse more.
const pageSize = 1000;
const maxPages = 100;
// A page's names, of 255 characters each, in quotes and with commas; some registries send all at once.
const maxPageBytes = 16 * 1024 * 1024;
// What no image is called: the catalogue's login scheme and tokens are remembered under it.
const catalogName = '_catalog';
const subject: RequestSubject = { what: 'the list of images', right: 'pull' };

/**
 * Store.imageNames at a registry: walks `/v2/_catalog`, which most registries have although the distribution-spec leaves it out.
 * Undefined where this one hasn't (400, 404, 405, 501).
 */
export async function listImages(
  { client, auth, gatewayCredentials }: RegistryCatalogDeps,
  credentials: Credentials,
  { max, ...patience }: Patience & { readonly max: number },
): Promise<ImageNames | undefined> {
  const shown =
    credentials.kind === 'gateway' ? await untilAborted(gatewayCredentials.find(''), patience.signal) : credentials;
  const access = {
    image: catalogName,
    credentials: shown,
    scope: 'registry:catalog:*',
    subject,
    signal: patience.signal,
  };
  const names = new Set<string>();
  const seen = new Set<string>();
  let url: URL | undefined = new URL(`/v2/_catalog?n=${Math.min(max, pageSize)}`, client.origin);
  while (url !== undefined && names.size <= max && seen.size < maxPages) {
    if (seen.has(url.search)) throw invalidListingOf('images', 'its pages lead back to one read before');
    seen.add(url.search);
    const page: URL = url;
    const answer = await auth.authorized(access, (authorization) =>
      client.send({ method: 'GET', operation: 'catalog', url: page, authorization, patience }, maxPageBytes),
    );
    if ([400, 404, 405, 501].includes(answer.status)) return undefined;
    if (answer.status !== 200) throw refusalFault(answer, subject);
    for (const name of parseListing(answer.bytes, 'repositories', 'images')) {
      if (typeof name === 'string' && isImageName(name)) names.add(name);
    }
    url = nextPageOf(page, answer, 'images');
  }
  return { names: [...names].slice(0, max), isComplete: url === undefined && names.size <= max };
}
