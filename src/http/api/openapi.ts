import * as z from 'zod';
import { commonRefusals, operations, type Operation, type OperationAnswer } from './operations.ts';
import { problemSchema } from '../../protocol/documents.ts';

export interface OpenApiOptions {
  /** Where the paths begin. */
  readonly serverUrl: string;
  /** Whether paths name no image. */
  readonly hasSingleImage: boolean;
}

/** The description of all operations as an OpenAPI document (OpenAPI 3.1.1), made of their table. */
export function describeApi({ serverUrl, hasSingleImage }: OpenApiOptions): object {
  const paths = new Map<string, Record<string, object>>();
  for (const operation of operations()) {
    if (hasSingleImage && forManyImages.has(operation.id)) continue;
    const path = hasSingleImage ? operation.path.replace('/{image}', '') : operation.path;
    paths.set(path, { ...paths.get(path), [operation.method]: describeOperation(operation, path) });
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'lkard',
      version: '1',
      description: 'Alpine repositories kept in an OCI registry. `{image}` may hold slashes, written as they are.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: serverUrl }],
    security: [{ basic: [] }, { bearer: [] }, {}],
    paths: Object.fromEntries(paths),
    components: {
      responses: { Refused: describeAnswer(refusal()) },
      securitySchemes: { basic: { type: 'http', scheme: 'basic' }, bearer: { type: 'http', scheme: 'bearer' } },
    },
  };
}

const refused = { $ref: '#/components/responses/Refused' };

/** What a gateway of one image doesn't have, or has under the same path as something else. */
const forManyImages: ReadonlySet<string> = new Set(['listImages', 'loginToRegistry']);

function describeOperation(operation: Operation, path: string): object {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => parameter('path', name ?? ''));
  const inQuery = Object.entries(operation.query ?? {}).map(([name, what]) => parameter('query', name, what));
  const answers = Object.entries(operation.answers).map(([status, given]) => [status, describeAnswer(given)] as const);
  const refusals = [...commonRefusals, ...(operation.refusals ?? [])].map((status) => [status, refused] as const);
  const { id, summary } = operation;
  const content = bodyContent(operation);
  return {
    operationId: id,
    summary,
    parameters: [...inPath, ...inQuery],
    ...(content !== undefined && { requestBody: { required: true, content } }),
    responses: { ...Object.fromEntries<object>([...answers, ...refusals]), default: refused },
  };
}

function bodyContent({ body, bodySchema }: Operation): object | undefined {
  if (bodySchema !== undefined) return { 'application/json': { schema: z.toJSONSchema(bodySchema) } };
  return body && Object.fromEntries(body.map(describeBody));
}

/** A package as it is, or as files of a form under any name. */
function describeBody(mediaType: string): [string, object] {
  const file = { type: 'string', format: 'binary' };
  const isForm = mediaType === 'multipart/form-data';
  return [mediaType, { schema: isForm ? { type: 'object', additionalProperties: file } : file }];
}

function parameter(place: 'path' | 'query', name: string, description?: string): object {
  return { in: place, name, required: place === 'path', description, schema: { type: 'string' } };
}

function describeAnswer({ description, contentType, schema, hasText }: OperationAnswer): object {
  if (contentType === undefined) return { description };
  const text = hasText === true ? { 'text/plain': { schema: { type: 'string' } } } : {};
  if (schema !== undefined) {
    return { description, content: { [contentType]: { schema: z.toJSONSchema(schema) }, ...text } };
  }
  const isText = contentType.startsWith('text/') || contentType.startsWith('application/atom');
  return {
    description,
    content: { [contentType]: { schema: { type: 'string', ...(!isText && { format: 'binary' }) } } },
  };
}

function refusal(): OperationAnswer {
  const description = 'refused: one line of text, or this where Accept names it';
  return { description, contentType: 'application/problem+json', schema: problemSchema, hasText: true };
}
