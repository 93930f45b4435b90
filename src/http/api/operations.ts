import type { z } from 'zod';
import {
  configurationSchema,
  imagesSchema,
  keySetSchema,
  statusSchema,
  listingSchema,
  packageSchema,
  pushSchema,
  repositorySchema,
} from '../../protocol/documents.ts';

/** One answer of an operation. */
export interface OperationAnswer {
  readonly description: string;
  readonly contentType?: string;
  /** Of a JSON answer. */
  readonly schema?: z.ZodType;
}

/** One thing that can be asked over HTTP. Refusals go without saying: they are the same for all. */
export interface Operation {
  readonly id: string;
  readonly method: 'get' | 'put' | 'delete';
  /** From the root; `{image}` may hold slashes, and falls away where one image is served. */
  readonly path: string;
  readonly summary: string;
  /** Names of the query's parameters, with what they mean. */
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly answers: Readonly<Record<number, OperationAnswer>>;
}

const base = '/apk/{image}/{branch}/{repository}';
const place = { branch: 'only this branch', repository: 'only this repository' };
const json = 'application/json';
const apk = 'application/vnd.alpine.apk';

/** Everything that is promised to programs, `lkar` among them. */
export function operations(): readonly Operation[] {
  return [...listings(), ...contents(), ...changes(), ...trust()];
}

function listings(): readonly Operation[] {
  const listingQuery = {
    arch: 'architecture; default x86_64 or what there is',
    q: 'words that name, description, origin or provides must hold',
    order: 'match (default), name, date or size',
    page: 'from 1 on; a page has up to 100',
  };
  const imageQuery = { q: 'a part of their names', page: 'from 1 on; a page has up to 100' };
  return [
    {
      ...{ id: 'listImages', method: 'get', path: '/_images', query: imageQuery },
      summary: 'Images that hold packages and that the caller may read, as far as the registry lists them',
      answers: { 200: { description: 'one page', contentType: json, schema: imagesSchema } },
    },
    {
      ...{ id: 'listPackages', method: 'get', path: '/_packages/apk/{image}', query: place },
      summary: 'All packages of an image, every version',
      answers: { 200: { description: 'the packages', contentType: json, schema: packageSchema.array() } },
    },
    {
      ...{ id: 'listRepositories', method: 'get', path: '/_repositories/{image}' },
      summary: 'The repositories of an image',
      answers: { 200: { description: 'the repositories', contentType: json, schema: repositorySchema.array() } },
    },
    {
      ...{ id: 'searchPackages', method: 'get', path: `${base}/packages.json`, query: listingQuery },
      summary: 'The newest version of each package, by page and by words',
      answers: { 200: { description: 'one page', contentType: json, schema: listingSchema } },
    },
    {
      ...{ id: 'loginToRegistry', method: 'get', path: '/_auth/login' },
      summary: 'Whether the credentials are good, of no image in particular',
      answers: { 200: { description: 'they are', contentType: 'text/plain' } },
    },
    {
      ...{ id: 'login', method: 'get', path: '/_auth/{image}/login' },
      summary: 'Whether the credentials are good',
      answers: { 200: { description: 'they are', contentType: 'text/plain' } },
    },
  ];
}

function contents(): readonly Operation[] {
  return [
    {
      ...{ id: 'getIndex', method: 'get', path: `${base}/{arch}/APKINDEX.tar.gz` },
      summary: 'The signed index of an architecture',
      answers: { 200: { description: 'the index', contentType: 'application/gzip' } },
    },
    {
      ...{ id: 'getPackage', method: 'get', path: `${base}/{arch}/{file}` },
      summary: 'A package, byte for byte as it was pushed; ranges and conditions are understood',
      answers: { 200: { description: 'the package', contentType: apk } },
    },
    {
      ...{ id: 'getStatus', method: 'get', path: `${base}/status.json` },
      summary: 'What each index holds and misses, compared with the packages now',
      answers: { 200: { description: 'the comparison', contentType: json, schema: statusSchema } },
    },
    {
      ...{ id: 'getFeed', method: 'get', path: `${base}/feed.atom` },
      summary: 'The newest packages (RFC 4287); not with --disable-ui',
      answers: { 200: { description: 'the feed', contentType: 'application/atom+xml' } },
    },
  ];
}

function changes(): readonly Operation[] {
  const ifExists = { 'if-exists': 'skip: the same bytes under the same name are no fault' };
  const pushed = { contentType: json, schema: pushSchema };
  return [
    {
      ...{ id: 'pushPackage', method: 'put', path: `${base}/push`, body: apk, query: ifExists },
      summary: 'Publishes a package; a multipart form may hold several, which become visible together',
      answers: {
        200: { description: 'all was there (with if-exists=skip)', ...pushed },
        201: { description: 'published', ...pushed },
      },
    },
    {
      ...{ id: 'deletePackage', method: 'delete', path: `${base}/{arch}/{file}` },
      summary: 'Deletes a package',
      answers: { 204: { description: 'no index lists it any more' } },
    },
  ];
}

function trust(): readonly Operation[] {
  return [
    {
      ...{ id: 'getKey', method: 'get', path: `${base}/key` },
      summary: 'The public key that signs the indexes; Content-Disposition has its file name',
      answers: { 200: { description: 'PEM', contentType: 'application/x-pem-file' } },
    },
    {
      ...{ id: 'getConfiguration', method: 'get', path: `${base}/apk-configuration` },
      summary: 'Where the key set is',
      answers: { 200: { description: 'its URL', contentType: json, schema: configurationSchema } },
    },
    {
      ...{ id: 'getKeySet', method: 'get', path: `${base}/jwks.json` },
      summary: 'All public keys as a JWK set (RFC 7517); a `kid` is a file name without `.rsa.pub`',
      answers: { 200: { description: 'the keys', contentType: json, schema: keySetSchema } },
    },
    {
      ...{ id: 'getSetup', method: 'get', path: `${base}/setup` },
      summary: 'A shell script that installs the key and adds the repository',
      answers: { 200: { description: 'the script', contentType: 'text/x-shellscript' } },
    },
  ];
}
