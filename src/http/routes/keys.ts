import { GatewayError, isGatewayError } from '../../errors.ts';
import type { PackageCatalogs } from '../../repository/catalog/package-catalogs.ts';
import type { ConfigurationDocument, KeySetDocument } from '../../protocol/documents.ts';
import { snapshotIn } from '../../protocol/coordinates.ts';
import { verbs } from '../../protocol/words.ts';
import type { Caller } from '../../repository/service/caller.ts';
import type { PublicKey } from '../../repository/service/reading.ts';
import { isRepositoryHost, type RepositoryBase } from '../request/addressing.ts';
import { answer, cacheControl, jsonAnswer } from '../answer/answer.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { HttpDependencies, HttpSettings } from '../options.ts';
import type { RequestReader } from '../caller/request-reader.ts';
import { createSetupScript, type SetupContent } from './setup-script.ts';

/** How clients come to trust a repository: its keys in every form that one of them looks for, and the setup script. */
export interface KeyRoutes {
  serveKey(exchange: Exchange, image: string): Promise<Response>;
  serveNamedKey(exchange: Exchange, image: string, fileName: string): Promise<Response>;
  /** Where each image has keys of its own: a 404 that says where. */
  explainKeys(exchange: Exchange): never;
  /** apko's key discovery: the URL of the JWK set; 404 also where a caller without credentials may not read. */
  serveConfiguration(exchange: Exchange, base: RepositoryBase): Promise<Response>;
  /** The keys as a JWK set (RFC 7517); apko appends `.rsa.pub` to each `kid` and takes no set with another key than RSA: see `?all`. */
  serveKeySet(exchange: Exchange, base: RepositoryBase): Promise<Response>;
  serveSetup(exchange: Exchange, base: RepositoryBase): Promise<Response>;
}

/** Where keys are depends on who asks under which name, and rotation must not wait for a cache. */
const caching = 'no-cache';

export function createKeyRoutes(
  deps: Pick<HttpDependencies, 'repositories'> & {
    readonly requests: RequestReader;
    readonly catalogs: PackageCatalogs;
  },
  settings: HttpSettings,
): KeyRoutes {
  const { repositories, requests, catalogs } = deps;
  const formatSetupScript = createSetupScript();

  const keysOf = async (exchange: Exchange, image: string): Promise<readonly [PublicKey, ...PublicKey[]]> => {
    const [primary, ...others] = await repositories.keys(image, requests.keyReader(exchange), {
      signal: exchange.signal,
    });
    if (primary === undefined) throw new GatewayError('KEY_UNKNOWN', 'no key yet: the first package makes one');
    return [primary, ...others];
  };

  /** A snapshot has packages; nobody sets a machine up for one that there isn't. */
  const contentOfSnapshot = async (
    at: RepositoryBase['at'],
    caller: Caller,
    signal: AbortSignal,
  ): Promise<SetupContent> => {
    const { branch = at.branch, name } = snapshotIn(at.branch) ?? {};
    const all = await repositories.listSnapshots({ ...at, branch }, caller, { signal });
    if (all.some((one) => one.name === name)) return 'packages';
    throw new GatewayError('SNAPSHOT_UNKNOWN', `${branch}/${at.repository} has no snapshot ${name ?? ''}`);
  };

  /** What this caller may see there. A key may be had without the right to read. */
  const contentFor = async ({ at }: RepositoryBase, caller: Caller, signal: AbortSignal): Promise<SetupContent> => {
    try {
      if (snapshotIn(at.branch) !== undefined) return await contentOfSnapshot(at, caller, signal);
      const architectures = await catalogs.architecturesOf(at, caller, { signal });
      return architectures?.length === 0 ? 'none' : 'packages';
    } catch (error) {
      if (isGatewayError(error, 'SNAPSHOT_UNKNOWN')) throw error;
      if (isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) return 'hidden';
      // The script is as good without this.
      if (isGatewayError(error)) return 'packages';
      throw error;
    }
  };

  return {
    async serveKey(exchange, image) {
      return keyAnswer(exchange, (await keysOf(exchange, image))[0]);
    },
    async serveNamedKey(exchange, image, fileName) {
      const key = (await keysOf(exchange, image)).find((candidate) => candidate.fileName === fileName);
      if (key === undefined) throw new GatewayError('KEY_UNKNOWN', `no key is called ${fileName}`);
      return keyAnswer(exchange, key);
    },
    explainKeys(exchange) {
      const { root, host } = requests.origin(exchange);
      const prefix = isRepositoryHost(host, settings.domain) ? '' : '/apk';
      const message = `each image has a key of its own: ${root}${prefix}/<image>/<branch>/<repository>/key`;
      throw new GatewayError('KEY_UNKNOWN', message);
    },
    async serveConfiguration(exchange, base) {
      await keysOf(exchange, base.at.image).catch((error: unknown) => {
        throw isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN') && exchange.header('authorization') === undefined
          ? hiddenConfiguration(error)
          : error;
      });
      const jwksUri = `${requests.origin(exchange).root}${base.path}/${verbs.jwks}`;
      return jsonAnswer(200, { jwks_uri: jwksUri } satisfies ConfigurationDocument, cacheControl(exchange, caching));
    },
    async serveKeySet(exchange, base) {
      const all = await keysOf(exchange, base.at.image);
      const keys = (exchange.query('all') === undefined ? all.filter(isRsa) : all).map(formatJwk);
      return jsonAnswer(200, { keys } satisfies KeySetDocument, cacheControl(exchange, caching));
    },
    async serveSetup(exchange, base) {
      const keys = await keysOf(exchange, base.at.image);
      const caller = requests.caller(exchange, 'read');
      const { credentials } = caller;
      const url = `${requests.origin(exchange).root}${base.path}`;
      const content = await contentFor(base, caller, exchange.signal);
      const script = formatSetupScript({ url, keys, credentials, content });
      // It holds the caller's password.
      return answer(200, script, { 'Content-Type': 'text/x-shellscript', 'Cache-Control': 'no-store' });
    },
  };
}

/** `filename=` without quotes: a client in the field strips the literal prefix. */
function keyAnswer(exchange: Exchange, key: PublicKey): Response {
  return answer(200, key.pem, {
    'Content-Type': 'application/x-pem-file',
    'Content-Disposition': `attachment; filename=${key.fileName}`,
    'Access-Control-Expose-Headers': 'Content-Disposition',
    ...cacheControl(exchange, caching),
  });
}

function formatJwk(key: PublicKey): KeySetDocument['keys'][number] {
  const kid = key.fileName.replace(/\.(rsa\.pub|pem)$/, '');
  const { kty = '', n, e, crv, x, y } = key.key.export({ format: 'jwk' });
  return { kty, ...(isRsa(key) ? { n, e, alg: 'RS256' } : { crv, x, y, alg: 'ES256' }), kid, use: 'sig' };
}

function isRsa(key: PublicKey): boolean {
  return key.key.asymmetricKeyType === 'rsa';
}

/** apko asks here without credentials even of a private repository, and any answer but 200 and 404 ends its build. */
function hiddenConfiguration(cause: unknown): GatewayError {
  return new GatewayError('KEY_UNKNOWN', 'no keys to be read without credentials', { cause });
}
