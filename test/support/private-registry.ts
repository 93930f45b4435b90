import { digestOf } from '../../src/oci/digest.ts';
import {
  fault,
  json,
  startScriptedRegistry,
  type ScriptedAnswer,
  type ScriptedRegistry,
  type SeenRequest,
} from './scripted-registry.ts';

export type Right = 'pull' | 'push' | 'delete';

/** Somebody whom the registry knows: actions by image, `*` standing for all the others. The name '' is whoever sends nothing. */
export interface RegistryUser {
  password: string;
  readonly images: Record<string, readonly Right[]>;
}

/** How one registry differs from the next; what is left out is as distribution does it. */
export interface RegistryManner {
  /** Default `token`. */
  readonly auth?: 'token' | 'basic';
  /** What stands in `WWW-Authenticate` of a 401. */
  readonly challenge?: (usual: string, request: SeenRequest) => string | readonly string[];
  /** Path of the token service. Default `/token`. */
  readonly tokenPath?: string;
  /** The answer to somebody who gets a token. Default `{ token, expires_in: 300 }`. */
  readonly tokenAnswer?: (token: string) => object;
  /** What is granted of the actions asked for, `*` among them where it was asked. Default: those of the user's. */
  readonly grant?: (asked: readonly string[], has: readonly string[]) => readonly string[];
  /** Whether a token without any right is refused by the token service (403) already. Default: no. */
  readonly refusesEmptyToken?: boolean;
  /** Answers in place of the registry, where it answers anything. */
  readonly before?: (request: SeenRequest, count: number) => ScriptedAnswer | undefined;
  /** What may be deleted. Default `tag`. */
  readonly deletes?: 'tag' | 'digest' | 'nothing';
  /** Whether `artifactType` is refused in a manifest. Default: no. */
  readonly refusesArtifactType?: boolean;
  readonly tagsFolded?: boolean;
  /** Whether `/v2/_catalog` names every image to everybody whom the registry knows. Default: no. */
  readonly hasCatalog?: boolean;
}

export interface PrivateRegistry extends ScriptedRegistry {
  /** May be changed while it runs. */
  readonly users: Record<string, RegistryUser>;
  readonly tokens: readonly SeenRequest[];
  /** Forgets an image and all that is in it. */
  drop(image: string): void;
}

interface Content {
  readonly blobs: Map<string, Buffer>;
  readonly manifests: Map<string, { readonly type: string; readonly bytes: Buffer }>;
  readonly tags: Map<string, string>;
}

/** A registry that keeps what is pushed, in memory, and knows who may do what with each image. */
export async function startPrivateRegistry(
  users: Record<string, RegistryUser>,
  manner: RegistryManner = {},
): Promise<PrivateRegistry> {
  const images = new Map<string, Content>();
  const tokens: SeenRequest[] = [];
  const tokenPath = manner.tokenPath ?? '/token';
  let count = 0;

  const script = (request: SeenRequest): ScriptedAnswer => {
    const scripted = manner.before?.(request, (count += 1));
    if (scripted !== undefined) return scripted;
    if (request.path === tokenPath) {
      tokens.push(request);
      return tokenFor(request);
    }
    if (request.path === '/v2/') return isKnown(request) ? { status: 200 } : unauthorized(request, '');
    if (request.path === '/v2/_catalog' && manner.hasCatalog === true)
      return isKnown(request)
        ? json({ repositories: [...images.keys()] })
        : unauthorized(request, 'registry:catalog:*');
    const [, image = '', kind = '', reference = ''] =
      /^\/v2\/(.+?)\/(manifests|blobs\/uploads|blobs|tags)\/?(.*)$/.exec(request.path) ?? [];
    const right = rightFor(request);
    const rights = rightsOf(request, image);
    if (!rights.includes(right))
      return unauthorized(request, `repository:${image}:${right === 'pull' ? 'pull' : 'pull,push'}`);
    return contentAnswer(request, image, kind, reference);
  };

  const loginOf = ({ headers, body }: SeenRequest): string | undefined => {
    const { authorization } = headers;
    const form = new URLSearchParams(body.toString());
    if (form.get('grant_type') === 'refresh_token') return nameOfIdentity(form.get('refresh_token') ?? '');
    if (authorization === undefined) return '';
    const [name = '', ...rest] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':');
    return users[name]?.password === rest.join(':') ? name : undefined;
  };
  const nameOfIdentity = (token: string) => Object.keys(users).find((name) => users[name]?.password === token);

  const hasOf = (name: string, image: string): readonly string[] =>
    users[name]?.images[image] ?? users[name]?.images['*'] ?? [];

  const tokenFor = (request: SeenRequest): ScriptedAnswer => {
    const name = loginOf(request);
    if (name === undefined) return fault(401, 'UNAUTHORIZED', 'authentication required');
    const form = new URLSearchParams(request.body.toString());
    const scopes = [...request.query.getAll('scope'), ...form.getAll('scope')].join(' ').split(' ');
    const grant =
      manner.grant ?? ((asked, has) => (asked.includes('*') ? has : has.filter((one) => asked.includes(one))));
    const access = scopes.flatMap((scope) => {
      const [, image = '', actions = ''] = scope.split(':');
      return image === '' ? [] : [[image, grant(actions.split(','), hasOf(name, image))] as const];
    });
    const isEmpty = access.every(([, granted]) => granted.length === 0);
    if (isEmpty && access.length > 0 && manner.refusesEmptyToken === true)
      return fault(403, 'DENIED', 'requested access to the resource is denied');
    const token = `e30.${Buffer.from(JSON.stringify({ name, access: Object.fromEntries(access) })).toString('base64url')}.c2ln`;
    return json(manner.tokenAnswer?.(token) ?? { token, expires_in: 300 });
  };

  const rightsOf = ({ headers: { authorization }, ...request }: SeenRequest, image: string): readonly string[] => {
    if (manner.auth === 'basic') {
      const name = loginOf({ ...request, headers: { authorization }, body: Buffer.alloc(0) });
      return name === undefined ? [] : hasOf(name, image);
    }
    return authorization?.startsWith('Bearer ') === true ? (accessOf(authorization)[image] ?? []) : [];
  };

  const isKnown = ({ headers: { authorization = '' } }: SeenRequest) =>
    manner.auth === 'basic' ? authorization.startsWith('Basic ') : authorization.startsWith('Bearer ');

  const unauthorized = (request: SeenRequest, scope: string): ScriptedAnswer => {
    const { host = '', authorization } = request.headers;
    const isInsufficient = authorization?.startsWith('Bearer ') === true;
    const bearer =
      `Bearer realm="http://${host}${tokenPath}",service="${host}"` +
      (scope === '' ? '' : `,scope="${scope}"`) +
      (isInsufficient ? ',error="insufficient_scope"' : '');
    const usual = manner.auth === 'basic' ? 'Basic realm="registry"' : bearer;
    const challenge = manner.challenge?.(usual, request) ?? usual;
    if (
      manner.auth === 'basic' &&
      loginOf({ ...request, body: Buffer.alloc(0) }) !== undefined &&
      authorization !== undefined
    )
      return fault(403, 'DENIED', 'requested access to the resource is denied');
    return { ...fault(401, 'UNAUTHORIZED', 'authentication required'), headers: { 'www-authenticate': challenge } };
  };

  const contentAnswer = (request: SeenRequest, image: string, kind: string, reference: string): ScriptedAnswer => {
    const content: Content = images.get(image) ?? { blobs: new Map(), manifests: new Map(), tags: new Map() };
    images.set(image, content);
    if (kind === 'tags') return json({ name: image, tags: [...content.tags.keys()].sort() });
    if (kind === 'blobs/uploads') return uploadAnswer(request, image, content);
    if (kind === 'blobs') return blobAnswer(request, content.blobs.get(reference));
    return manifestAnswer(request, content, manner, reference);
  };

  const registry = await startScriptedRegistry(script);
  return Object.assign(registry, { users, tokens, drop: (image: string) => void images.delete(image) });
}

function accessOf(authorization: string): Record<string, readonly string[]> {
  const [, payload = ''] = authorization.slice('Bearer '.length).split('.');
  try {
    return (
      (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { access?: Record<string, string[]> }).access ?? {}
    );
  } catch {
    return {};
  }
}

function rightFor({ method, path }: SeenRequest): Right {
  if (method === 'DELETE' && !path.includes('/blobs/uploads/')) return 'delete';
  return method === 'GET' || method === 'HEAD' ? 'pull' : 'push';
}

function uploadAnswer(request: SeenRequest, image: string, content: Content): ScriptedAnswer {
  const digest = request.query.get('digest');
  if (request.method === 'DELETE') return { status: 204 };
  if (request.method === 'POST') return { status: 202, headers: { location: `/v2/${image}/blobs/uploads/1?_state=x` } };
  if (request.method !== 'PUT' || digest === null) return fault(405, 'UNSUPPORTED');
  if (digestOf(request.body) !== digest) return fault(400, 'DIGEST_INVALID');
  content.blobs.set(digest, request.body);
  return { status: 201, headers: { 'docker-content-digest': digest } };
}

function blobAnswer({ headers }: SeenRequest, bytes: Buffer | undefined): ScriptedAnswer {
  if (bytes === undefined) return fault(404, 'BLOB_UNKNOWN');
  const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
  if (start === undefined) return { status: 200, headers: { 'content-length': String(bytes.length) }, body: bytes };
  const part = bytes.subarray(Number(start), Number(end) + 1);
  return { status: 206, headers: { 'content-range': `bytes ${start}-${end}/${bytes.length}` }, body: part };
}

function manifestAnswer(request: SeenRequest, content: Content, manner: RegistryManner, asked: string): ScriptedAnswer {
  const reference = manner.tagsFolded === true ? asked.toLowerCase() : asked;
  const digest = reference.startsWith('sha256:') ? reference : content.tags.get(reference);
  const found = digest === undefined ? undefined : content.manifests.get(digest);
  if (request.method === 'PUT') {
    if (manner.refusesArtifactType === true && request.body.includes('"artifactType"'))
      return fault(400, 'MANIFEST_INVALID');
    const own = digestOf(request.body);
    content.manifests.set(own, { type: request.headers['content-type'] ?? '', bytes: request.body });
    content.tags.set(reference, own);
    return { status: 201, headers: { 'docker-content-digest': own } };
  }
  if (request.method === 'DELETE') return deleteManifest(content, manner.deletes ?? 'tag', reference, digest);
  if (found === undefined || digest === undefined) return fault(404, 'MANIFEST_UNKNOWN');
  return {
    status: 200,
    headers: {
      'content-type': found.type,
      'docker-content-digest': digest,
      'content-length': String(found.bytes.length),
    },
    body: found.bytes,
  };
}

function deleteManifest(
  { tags, manifests }: Content,
  deletes: 'tag' | 'digest' | 'nothing',
  reference: string,
  digest: string | undefined,
): ScriptedAnswer {
  const isTag = !reference.startsWith('sha256:');
  if (deletes === 'nothing') return fault(405, 'UNSUPPORTED');
  if (deletes === 'digest' && isTag) return fault(400, 'UNSUPPORTED');
  if (digest === undefined) return fault(404, 'MANIFEST_UNKNOWN');
  if (isTag) {
    tags.delete(reference);
    return { status: 202 };
  }
  manifests.delete(digest);
  for (const [tag, at] of tags) if (at === digest) tags.delete(tag);
  return { status: 202 };
}
