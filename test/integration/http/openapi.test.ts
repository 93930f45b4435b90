import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations, type Operation } from '../../../src/http/api/operations.ts';
import { problemSchema } from '../../../src/protocol/documents.ts';
import { anApk } from '../../support/an-apk.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';

const parts: Readonly<Record<string, string>> = {
  ...{ image: 'team/app', branch: 'edge', repository: 'main', arch: 'x86_64', file: 'demo-1.0-r0.apk' },
};
const demo = anApk({ name: 'demo', version: '1.0-r0', provides: ['cmd:demo=1'] });

interface ApiOperation {
  readonly operationId: string;
  readonly requestBody?: { readonly content: object };
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}
interface ApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
  readonly components: { readonly responses: Readonly<Record<string, { readonly content?: object }>> };
}

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
  await fetch(`${gateway.url}/apk/team/app/edge/testing/push`, { method: 'PUT', body: new Uint8Array(demo) });
});

afterAll(async () => {
  await gateway.stop();
});

/** Of changes whose body isn't a selection of files. */
const askedOf: Readonly<Record<string, object>> = {
  prunePackages: { keep: 9 },
  promotePackages: { from: { branch: 'edge', repository: 'testing' }, packages: ['demo'] },
  rollBack: { snapshot: 'snapshot' },
};

function ask(operation: Operation): Promise<Response> {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => parts[name] ?? name);
  // The embedded store knows no users, but a login without credentials is refused.
  const authorization = `Basic ${btoa('alice:secret')}`;
  const headers = { accept: 'application/json', ...(operation.id.startsWith('login') && { authorization }) };
  if (operation.bodySchema !== undefined) {
    const body = JSON.stringify({ ...(askedOf[operation.id] ?? { files: ['*'] }), dryRun: true });
    const json = { ...headers, 'content-type': 'application/json' };
    return fetch(`${gateway.url}${path}`, { method: operation.method.toUpperCase(), headers: json, body });
  }
  const body = operation.body === undefined ? {} : { body: new Uint8Array(demo) };
  // The second push is of what the first one brought.
  const query = operation.id === 'postPackage' ? '?if-exists=skip' : '';
  return fetch(`${gateway.url}${path}${query}`, { method: operation.method.toUpperCase(), headers, ...body });
}

/** A push first, then a snapshot, and their ends last, so that all between has something to find. */
function inWorkableOrder(): readonly Operation[] {
  const rank = ({ id }: Operation) =>
    ['deletePackage', 'removeSnapshot', '', 'createSnapshot', 'pushPackage'].indexOf(id);
  const order = (one: Operation) => (rank(one) === -1 ? 2 : rank(one));
  return operations().toSorted((a, b) => order(b) - order(a));
}

describe('what openapi.json promises', () => {
  it.each(inWorkableOrder().map((operation) => [operation.id, operation] as const))(
    '%s keeps',
    async (_, operation) => {
      const response = await ask(operation);
      const answer = operation.answers[response.status];
      expect(answer, `${response.status}`).toBeDefined();
      if (answer?.contentType !== undefined) expect(response.headers.get('content-type')).toContain(answer.contentType);
      if (answer?.schema === undefined) await response.arrayBuffer();
      else answer.schema.parse(await response.json());
    },
  );

  it('tells of every status and media type that a push may be answered with', async () => {
    const document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as ApiDocument;
    const { put, post } = document.paths['/apk/{image}/{branch}/{repository}/push'] ?? {};
    expect(Object.keys(put?.requestBody?.content ?? {})).toEqual(Object.keys(post?.requestBody?.content ?? {}));
    expect(Object.keys(put?.requestBody?.content ?? {})).toContain('multipart/form-data');
    expect(Object.keys(put?.responses ?? {}).map(Number)).toEqual(
      expect.arrayContaining([200, 201, 400, 401, 403, 409, 413, 429, 503]),
    );
    expect(put?.responses['409']).toEqual({ $ref: '#/components/responses/Refused' });
    const { Refused } = document.components.responses;
    expect(Object.keys(Refused?.content ?? {})).toEqual(['application/problem+json', 'text/plain']);
  });

  it('goes for refusals', async () => {
    const headers = { accept: 'application/problem+json' };
    const response = await fetch(`${gateway.url}/apk/team/app/edge/main/x86_64/none-1.apk`, { headers });
    expect(problemSchema.parse(await response.json())).toMatchObject({ status: 404, code: 'PACKAGE_UNKNOWN' });
  });

  it('is an OpenAPI document of exactly these operations', async () => {
    const document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as ApiDocument;
    expect(document.openapi).toMatch(/^3\.1\./);
    const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map((one) => one.operationId));
    expect(ids.sort()).toEqual(
      operations()
        .map(({ id }) => id)
        .sort(),
    );
    const references = JSON.stringify(document).match(/"\$ref":"[^"]*"/g) ?? [];
    expect(new Set(references)).toEqual(new Set(['"$ref":"#/components/responses/Refused"']));
  });
});
