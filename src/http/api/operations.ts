import type { z } from 'zod';
import { lifecycleOperations } from './lifecycle-operations.ts';
import { snapshotOperations } from './snapshot-operations.ts';
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
  /** Whether it may be a line of text as well. */
  readonly hasText?: boolean;
}

/** One thing that can be asked over HTTP. What may refuse any request goes without saying (`commonRefusals`). */
export interface Operation {
  readonly id: string;
  readonly method: 'get' | 'put' | 'post' | 'delete';
  /** From the root; `{image}` may hold slashes, and falls away where one image is served. */
  readonly path: string;
  readonly summary: string;
  /** Names of the query's parameters, with what they mean. */
  readonly query?: Readonly<Record<string, string>>;
  /** Media types of the request's body. */
  readonly body?: readonly string[];
  /** The form of a body of JSON. */
  readonly bodySchema?: z.ZodType;
  /** Statuses that refuse it, beside those that any request may get. */
  readonly refusals?: readonly number[];
  readonly answers: Readonly<Record<number, OperationAnswer>>;
}

const base = '/apk/{image}/{branch}/{repository}';
const place = { branch: 'only this branch', repository: 'only this repository' };
const json = 'application/json';
const apk = 'application/vnd.alpine.apk';
const form = 'multipart/form-data';
const anything = 'application/octet-stream';
const notModified = { description: 'the caller has it already' };

/** Statuses that any request may be refused with. */
export const commonRefusals = [400, 401, 403, 405, 429, 500, 501, 502, 503] as const;

/** Everything that is promised to programs, `lkar` among them. */
export function operations(): readonly Operation[] {
  return [...listings(), ...contents(), ...changes(), ...lifecycleOperations(), ...snapshotOperations(), ...trust()];
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
      ...{ id: 'listPackages', method: 'get', path: '/_packages/apk/{image}', query: place, refusals: [404] },
      summary: 'All packages of an image, every version',
      answers: { 200: { description: 'the packages', contentType: json, schema: packageSchema.array() } },
    },
    {
      ...{ id: 'listRepositories', method: 'get', path: '/_repositories/{image}', refusals: [404] },
      summary: 'The repositories of an image',
      answers: { 200: { description: 'the repositories', contentType: json, schema: repositorySchema.array() } },
    },
    {
      ...{ id: 'searchPackages', method: 'get', path: `${base}/packages.json`, query: listingQuery, refusals: [404] },
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
      ...{ id: 'getIndex', method: 'get', path: `${base}/{arch}/APKINDEX.tar.gz`, refusals: [404] },
      summary: 'The signed index of an architecture for apk 2 and apko: its v2 packages',
      answers: { 200: { description: 'the index', contentType: 'application/gzip' }, 304: notModified },
    },
    {
      ...{ id: 'getIndexV3', method: 'get', path: `${base}/{arch}/Packages.adb`, refusals: [404] },
      summary: 'The signed index for apk 3: the packages of both formats; `packages.adb` is the same',
      answers: { 200: { description: 'the index', contentType: 'application/octet-stream' }, 304: notModified },
    },
    {
      ...{ id: 'getPackage', method: 'get', path: `${base}/{arch}/{file}`, refusals: [404, 416] },
      summary: 'A package, byte for byte as it was pushed; ranges and conditions are understood',
      answers: {
        200: { description: 'the package', contentType: apk },
        206: { description: 'the part of it that Range asks for', contentType: apk },
        302: { description: 'where the registry keeps it (with --redirect-blobs)' },
        304: notModified,
      },
    },
    {
      ...{ id: 'describePackage', method: 'get', path: `${base}/{arch}/{file}.json`, refusals: [404] },
      summary: 'What is known of a package, `{file}` with its `.apk`',
      answers: { 200: { description: 'the package', contentType: json, schema: packageSchema } },
    },
    {
      ...{ id: 'getStatus', method: 'get', path: `${base}/status.json`, refusals: [404] },
      summary: 'What each index holds and misses, compared with the packages now',
      answers: { 200: { description: 'the comparison', contentType: json, schema: statusSchema } },
    },
    {
      ...{ id: 'getFeed', method: 'get', path: `${base}/feed.atom`, refusals: [404] },
      summary: 'The newest packages (RFC 4287); not with --disable-ui',
      answers: { 200: { description: 'the feed', contentType: 'application/atom+xml' } },
    },
  ];
}

function changes(): readonly Operation[] {
  const ifExists = { 'if-exists': 'skip: the same bytes under the same name are no fault' };
  const pushed = { contentType: json, schema: pushSchema };
  const push = {
    path: `${base}/push`,
    query: ifExists,
    body: [apk, anything, form],
    refusals: [409, 413],
    answers: {
      200: { description: 'all was there (with if-exists=skip)', ...pushed },
      201: { description: 'published', ...pushed },
    },
  };
  return [
    {
      ...{ id: 'pushPackage', method: 'put' },
      ...push,
      summary: 'Publishes a package; a multipart form may hold several, which become visible together',
    },
    {
      ...{ id: 'postPackage', method: 'post' },
      ...push,
      summary: 'The same, as forms of browsers and curl -F send it',
    },
    {
      ...{ id: 'deletePackage', method: 'delete', path: `${base}/{arch}/{file}`, refusals: [404, 409] },
      summary: 'Deletes a package',
      answers: { 204: { description: 'no index lists it any more' } },
    },
  ];
}

function trust(): readonly Operation[] {
  return [
    {
      ...{ id: 'getKey', method: 'get', path: `${base}/key`, refusals: [404] },
      summary: 'The public key that signs the indexes; Content-Disposition has its file name',
      answers: { 200: { description: 'PEM', contentType: 'application/x-pem-file' } },
    },
    {
      ...{ id: 'getConfiguration', method: 'get', path: `${base}/apk-configuration`, refusals: [404] },
      summary: 'Where the key set is',
      answers: { 200: { description: 'its URL', contentType: json, schema: configurationSchema } },
    },
    {
      ...{ id: 'getKeySet', method: 'get', path: `${base}/jwks.json`, refusals: [404] },
      summary:
        'All public keys as a JWK set (RFC 7517); a `kid` is a file name without `.rsa.pub`; EC keys, named `.pem`, with `?all=true` alone',
      answers: { 200: { description: 'the keys', contentType: json, schema: keySetSchema } },
    },
    {
      ...{ id: 'getSetup', method: 'get', path: `${base}/setup`, refusals: [404] },
      summary: 'A shell script that installs the key and adds the repository',
      answers: { 200: { description: 'the script', contentType: 'text/x-shellscript' } },
    },
  ];
}
