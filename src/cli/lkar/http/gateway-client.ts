import { Readable } from 'node:stream';
import * as z from 'zod';
import { GatewayError } from '../../../errors.ts';
import { basicAuthorization } from '../../../oci/basic.ts';
import { configurationSchema } from '../../../protocol/documents.ts';
import type { ChangeVerb } from '../../../protocol/lifecycle.ts';
import { indexFileName, indexV3FileNames, verbs } from '../../../protocol/words.ts';
import { faultOf, readBytes, readJson, readPages, readText } from './gateway-answer.ts';
import {
  change,
  imagesPage,
  keySet,
  packageLine,
  pushedSchema,
  repositoryLine,
  type ChangeLine,
  type ImageLine,
  type PackageLine,
  type PublicJwk,
  type PushedFile,
  type RepositoryLine,
} from './gateway-lines.ts';
import { createPastClient, type PastClient } from './past-client.ts';
import { createSnapshotClient, type SnapshotClient } from './snapshot-client.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts';
import { imageSegments, urlOf, type Target } from '../../shared/target.ts';

/** A user and password for the gateway. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** One body to push: a package, or a form with several. */
export interface PushBody {
  /** Opens it, from its beginning. */
  readonly open: () => Readable;
  readonly size: number;
  readonly contentType: string;
}

/** Where the rest of a file begins, and which file it was. */
export interface FileRest {
  readonly from: number;
  readonly etag: string;
}

/** A file on its way. */
export interface OpenedFile {
  readonly body: Readable;
  /** Of the body, where the gateway says it. */
  readonly size: number | undefined;
  /** A strong one (RFC 9110 section 8.8.3); undefined where there is none. */
  readonly etag: string | undefined;
}

/** What the gateway at one target does for `lkar`. All throw the fault that the gateway tells, its text as it is. */
export interface GatewayClient extends SnapshotClient, PastClient {
  /** Undefined where the gateway took the push and said nothing of its files. */
  push(branch: string, repository: string, body: PushBody): Promise<readonly PushedFile[] | undefined>;
  /** With `isNow` nobody fetches its bytes any more either. */
  remove(filePath: string, isNow?: boolean): Promise<void>;
  /** Has a repository changed as the body says, in the form of src/protocol/lifecycle.ts. */
  post(branch: string, repository: string, verb: ChangeVerb, body: object): Promise<ChangeLine>;
  /** A file, or the rest of it. Throws PACKAGE_EXISTS where it is another one by now. */
  open(filePath: string, rest?: FileRest): Promise<OpenedFile>;
  /** All packages of the image, or of one repository, where a snapshot may stand in the branch's place. */
  packages(within?: { readonly branch: string; readonly repository: string }): Promise<readonly PackageLine[]>;
  repositories(): Promise<readonly RepositoryLine[]>;
  /** The images that the gateway shows to this login, and whether those are all. */
  images(): Promise<{ readonly images: readonly ImageLine[]; readonly isComplete: boolean }>;
  /** UNAUTHORIZED where the gateway or its registry doesn't know this login. */
  checkLogin(): Promise<void>;
  /** The whole index, APKINDEX.tar.gz or with `v3` Packages.adb, or undefined where there is none. */
  index(
    branch: string,
    repository: string,
    architecture: string,
    format?: 'v2' | 'v3',
  ): Promise<FetchedIndex | undefined>;
  /** The key's PEM and the file name it goes under. */
  key(branch: string, repository: string): Promise<{ readonly fileName: string; readonly pem: string }>;
  /** All keys, or undefined where the gateway has no JWK set. */
  keySet(branch: string, repository: string): Promise<readonly PublicJwk[] | undefined>;
}

/** An index as a gateway serves it; others at the same address may be behind it by so many seconds. */
export interface FetchedIndex {
  readonly bytes: Uint8Array;
  readonly lagSeconds: number;
}

const maxListingBytes = 512 * 2 ** 20;
const maxIndexBytes = 256 * 2 ** 20;
const maxKeyBytes = 256 * 2 ** 10;

/** The gateway at `target`, spoken to with `login` where there is one. */
export function createGatewayClient(http: HttpClient, target: Target, login: Login | undefined): GatewayClient {
  const send = async (asked: HttpRequest, isGood: (answer: HttpAnswer) => boolean = isOk): Promise<HttpAnswer> => {
    const headers = {
      accept: 'application/json, */*;q=0.5',
      'user-agent': 'lkar',
      ...(login !== undefined && { authorization: formatBasic(login) }),
      ...asked.headers,
    };
    const answer = await http.send({ ...asked, headers });
    if (isGood(answer)) return answer;
    throw await faultOf(answer, target.name);
  };
  const get = (url: URL) => send({ method: 'GET', url });
  const at = (...segments: readonly string[]) => urlOf(target, ...imageSegments(target), ...segments);
  const apiOf = (...segments: readonly string[]) => urlOf(target, ...segments);
  const image = target.image?.split('/') ?? [];

  return {
    ...createSnapshotClient(send, at),
    ...createPastClient(send, at),
    async push(branch, repository, { open, size, contentType }) {
      const url = at(branch, repository, verbs.push);
      url.searchParams.set('if-exists', 'skip');
      const headers = { 'content-type': contentType, 'content-length': String(size) };
      const answer = await send({ method: 'PUT', url, headers, body: open });
      const isJson = answer.header('content-type')?.includes('json') === true;
      if (isJson) return (await readJson(answer, pushedSchema, maxListingBytes)).packages;
      await drain(answer);
      return undefined;
    },
    async remove(filePath, isNow = false) {
      const url = at(...filePath.split('/'));
      if (isNow) url.searchParams.set('now', 'true');
      await drain(await send({ method: 'DELETE', url }, isGoneByNow));
    },
    async post(branch, repository, verb, body) {
      const bytes = Buffer.from(JSON.stringify(body));
      const headers = { 'content-type': 'application/json', 'content-length': String(bytes.length) };
      const url = at(branch, repository, verb);
      const answer = await send({ method: 'POST', url, headers, body: () => Readable.from([bytes]) });
      return readJson(answer, change, maxListingBytes);
    },
    async open(filePath, rest) {
      const headers = rest && { range: `bytes=${rest.from}-`, 'if-range': rest.etag };
      const answer = await send({ method: 'GET', url: at(...filePath.split('/')), ...(headers && { headers }) });
      // Nobody can put two halves of two files together.
      if (rest !== undefined && answer.status !== 206) {
        answer.body.destroy();
        throw new GatewayError('PACKAGE_EXISTS', `${filePath} is another one by now`);
      }
      const length = answer.header('content-length');
      const etag = answer.header('etag');
      return {
        body: answer.body,
        size: length === undefined ? undefined : Number(length),
        etag: etag?.startsWith('"') === true ? etag : undefined,
      };
    },
    async packages(within) {
      const url = apiOf('_packages', 'apk', ...image);
      for (const [name, value] of Object.entries(within ?? {})) url.searchParams.set(name, value);
      return readJson(await get(url), z.array(packageLine), maxListingBytes);
    },
    async repositories() {
      return readJson(await get(apiOf('_repositories', ...image)), z.array(repositoryLine), maxListingBytes);
    },
    async images() {
      const read = async (url: URL) => readJson(await get(url), imagesPage, maxListingBytes);
      const pages = await readPages(read, apiOf('_images'));
      return { images: pages.flatMap(({ images }) => images), isComplete: pages.at(-1)?.complete ?? false };
    },
    async checkLogin() {
      const answer = await get(apiOf('_auth', ...image, 'login'));
      const isPage = answer.header('content-type')?.includes('html') === true;
      await drain(answer);
      // Some registries answer every path with the page of their user interface.
      if (isPage) throw new GatewayError('STORE_ANSWER_INVALID', 'that is a page for browsers; is this a gateway?');
    },
    async index(branch, repository, architecture, format = 'v2') {
      const fileName = format === 'v3' ? indexV3FileNames[0] : indexFileName;
      const answer = await absentAsUndefined(get(at(branch, repository, architecture, fileName)));
      const lag = Number(answer?.header('x-lkard-lag') ?? 0);
      return answer && { bytes: await readBytes(answer.body, maxIndexBytes), lagSeconds: lag > 0 ? lag : 0 };
    },
    async key(branch, repository) {
      const answer = await get(at(branch, repository, verbs.key));
      const disposition = answer.header('content-disposition') ?? '';
      const fileName = /filename="?([^";]+)"?/.exec(disposition)?.[1] ?? '';
      return { fileName, pem: await readText(answer.body, maxKeyBytes) };
    },
    async keySet(branch, repository) {
      const answer = await absentAsUndefined(get(at(branch, repository, verbs.configuration)));
      if (answer === undefined) return undefined;
      const { jwks_uri: advertised } = await readJson(answer, configurationSchema, maxKeyBytes);
      // Behind a proxy that it doesn't trust, a gateway can't know its own scheme and host.
      const url = new URL(new URL(advertised).pathname, target.origin);
      // Those that apko can't read, too.
      url.searchParams.set('all', 'true');
      return (await readJson(await get(url), keySet, maxKeyBytes)).keys;
    },
  };
}

function isOk({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300;
}

/** A file that isn't there may be the doing of a try before, whose answer was lost. */
function isGoneByNow(answer: HttpAnswer): boolean {
  return isOk(answer) || (answer.status === 404 && answer.isRepeated === true);
}

function formatBasic({ username, password }: Login): string {
  return basicAuthorization(username, password);
}

async function absentAsUndefined(answer: Promise<HttpAnswer>): Promise<HttpAnswer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof GatewayError && error.details['status'] === 404) return undefined;
    throw error;
  }
}

async function drain(answer: HttpAnswer): Promise<void> {
  await readBytes(answer.body, maxListingBytes);
}
