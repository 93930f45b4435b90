import type { Readable } from 'node:stream';
import * as z from 'zod';
import { errorCodes, GatewayError, type ErrorCode } from '../../../errors.ts';
import { readBounded } from '../../../files/read-bounded.ts';
import { parseJson } from '../../../oci/json.ts';
import { problemSchema } from '../../../protocol/documents.ts';
import type { HttpAnswer } from './http-client.ts';
import { asOneLine } from '../../shared/terminal.ts';

const problem = problemSchema.pick({ message: true }).extend({ code: z.enum(errorCodes).optional().catch(undefined) });
const maxErrorBytes = 64 * 1024;

/** The whole body as text. Throws SIZE_EXCEEDED past `maxBytes`. */
export async function readText(body: Readable, maxBytes: number): Promise<string> {
  return (await readBytes(body, maxBytes)).toString('utf8');
}

/** The whole body. Throws SIZE_EXCEEDED past `maxBytes`. */
export async function readBytes(body: Readable, maxBytes: number): Promise<Buffer> {
  return Buffer.from(await readBounded(body, maxBytes, 'the answer'));
}

/** The fault that an answer of status 400 or more tells: its text as it is, the code it names or its status means, and of which target it is. */
export async function faultOf(answer: HttpAnswer, target?: string): Promise<GatewayError> {
  const text = await readText(answer.body, maxErrorBytes).catch(() => '');
  const isJson = answer.header('content-type')?.includes('json') === true;
  const told = isJson ? problem.safeParse(parseJson(text)).data : undefined;
  const message = asOneLine(told?.message ?? text).trim();
  const code = told?.code ?? codeOf(answer.status);
  return new GatewayError(code, message === '' ? `the gateway answered ${answer.status}` : message, {
    details: { status: answer.status, target },
  });
}

/** A JSON body of that form. Throws STORE_ANSWER_INVALID where it is another. */
export async function readJson<T>(answer: HttpAnswer, schema: z.ZodType<T>, maxBytes: number): Promise<T> {
  const parsed = schema.safeParse(parseJson(await readText(answer.body, maxBytes)));
  if (parsed.success) return parsed.data;
  throw new GatewayError('STORE_ANSWER_INVALID', "the answer isn't what a gateway says; is this one?", {
    cause: parsed.error,
  });
}

/** No list has more: whoever says so would keep lkar for ever. */
const maxPages = 1000;

/** All pages of a list, from the first on. */
export async function readPages<T extends { readonly pages: number }>(
  read: (url: URL) => Promise<T>,
  url: URL,
): Promise<readonly T[]> {
  const found: T[] = [];
  for (let page = 1, pages = 1; page <= Math.min(pages, maxPages); page += 1) {
    url.searchParams.set('page', String(page));
    const one = await read(url);
    found.push(one);
    pages = one.pages;
  }
  return found;
}

function codeOf(status: number): ErrorCode {
  switch (status) {
    case 401:
      return 'UNAUTHORIZED';
    case 403:
      return 'FORBIDDEN';
    case 404:
      return 'PACKAGE_UNKNOWN';
    case 409:
      return 'PACKAGE_EXISTS';
    case 413:
      return 'SIZE_EXCEEDED';
    case 429:
      return 'OVERLOADED';
    default:
      return status < 500 ? 'REQUEST_INVALID' : status > 501 ? 'STORE_UNAVAILABLE' : 'STORE_ANSWER_INVALID';
  }
}
