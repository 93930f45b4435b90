import type { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import { readBounded } from '../../files/read-bounded.ts';
import { parseJson } from '../../oci/json.ts';
import type { Exchange } from '../exchange/exchange.ts';

/** The form of a body. */
export type BodyForm<T> = z.ZodType<T>;

/**
 * The body of a request as a document of that form. Throws REQUEST_INVALID where it is no JSON, isn't sent as JSON, or is of
 * another form, SIZE_EXCEEDED where it has more than `maxBytes`.
 */
export async function readJsonBody<T>(exchange: Exchange, form: BodyForm<T>, maxBytes: number): Promise<T> {
  // Other types a page of another site may send without being asked who it is.
  if (!/^application\/json *(;|$)/i.test(exchange.header('content-type') ?? '')) {
    throw new GatewayError('REQUEST_INVALID', 'a body of application/json is wanted');
  }
  if (Number(exchange.header('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const parsed = form.safeParse(parseJson(await readBody(exchange, maxBytes)));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.map(String).join('.') ?? '';
  const message = `the body isn't as it should be${where === '' ? '' : ` at ${where}`}: ${issue?.message ?? 'no JSON'}`;
  throw new GatewayError('REQUEST_INVALID', message);
}

async function readBody(exchange: Exchange, maxBytes: number): Promise<Uint8Array> {
  try {
    return await readBounded(exchange.openBody(), maxBytes, 'the body');
  } catch (error) {
    throw error instanceof GatewayError ? tooLarge(maxBytes) : error;
  }
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('SIZE_EXCEEDED', `the body has more than ${maxBytes} bytes`, {
    details: { maxBytes, sentBy: 'caller' },
  });
}
