import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations, type Operation } from '../../../src/http/api/operations.ts';
import { problemSchema } from '../../../src/protocol/documents.ts';
import { anApk } from '../../support/an-apk.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';

const parts: Readonly<Record<string, string>> = {
  ...{ image: 'team/app', branch: 'edge', repository: 'main', arch: 'x86_64', file: 'demo-1.0-r0.apk' },
};
const demo = anApk({ name: 'demo', version: '1.0-r0', provides: ['cmd:demo=1'] });

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
});

afterAll(async () => {
  await gateway.stop();
});

function ask(operation: Operation): Promise<Response> {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => parts[name] ?? name);
  // The embedded store knows no users, but a login without credentials is refused.
  const authorization = `Basic ${btoa('alice:secret')}`;
  const headers = { accept: 'application/json', ...(operation.id.startsWith('login') && { authorization }) };
  const body = operation.body === undefined ? {} : { body: new Uint8Array(demo) };
  return fetch(`${gateway.url}${path}`, { method: operation.method.toUpperCase(), headers, ...body });
}

/** A push first and the delete last, so that all between has something to find. */
function inWorkableOrder(): readonly Operation[] {
  const rank = ({ id }: Operation) => ['deletePackage', '', 'pushPackage'].indexOf(id);
  const order = (one: Operation) => (rank(one) === -1 ? 1 : rank(one));
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

  it('goes for refusals', async () => {
    const headers = { accept: 'application/problem+json' };
    const response = await fetch(`${gateway.url}/apk/team/app/edge/main/x86_64/none-1.apk`, { headers });
    expect(problemSchema.parse(await response.json())).toMatchObject({ status: 404, code: 'PACKAGE_UNKNOWN' });
  });

  it('is an OpenAPI document of exactly these operations', async () => {
    const document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as {
      openapi: string;
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    expect(document.openapi).toMatch(/^3\.1\./);
    const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map((one) => one.operationId));
    expect(ids.sort()).toEqual(
      operations()
        .map(({ id }) => id)
        .sort(),
    );
    expect(JSON.stringify(document)).not.toContain('$ref');
  });
});
