import * as z from 'zod';
import { parseJson } from './json.ts';

/** The most bytes of an error answer that are worth reading. */
export const maxErrorBytes = 8 * 1024;

/** One fault as a registry tells it (distribution-spec, Error Codes). */
export interface RegistryFault {
  /** Upper case as the spec writes them; other codes than the spec's occur. */
  readonly code: string;
  readonly message: string;
}

const faultSchema = z.object({ code: z.string(), message: z.string().nullish(), detail: z.unknown().optional() });
const errorBodySchema = z.object({ errors: z.array(z.unknown()).min(1) });
// GitHub, Google and Cloudflare front ends answer with one of these instead of the spec's list.
const looseBodySchema = z.union([
  z.object({ message: z.string() }).transform((body) => body.message),
  z.object({ error: z.string() }).transform((body) => body.error),
  z.object({ details: z.string() }).transform((body) => body.details),
]);

/**
 * The faults that an error answer names, in its order. HTML, plain text, an empty or a cut body are one fault without a code,
 * whose message is the text's beginning on one line.
 */
export function parseErrorBody(body: Uint8Array): readonly RegistryFault[] {
  const text = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, maxErrorBytes)).toString('utf8');
  const document = parseJson(text);
  const strict = errorBodySchema.safeParse(document);
  const faults = strict.success ? strict.data.errors.flatMap(parseFault) : [];
  if (faults.length > 0) return faults;
  const loose = looseBodySchema.safeParse(document);
  const message = oneLine(loose.success ? loose.data : textOf(text));
  return message === '' ? [] : [{ code: '', message }];
}

function parseFault(fault: unknown): RegistryFault[] {
  const parsed = faultSchema.safeParse(fault);
  if (!parsed.success) return [];
  const { code, message, detail } = parsed.data;
  const detailText = typeof detail === 'string' ? detail : '';
  return [{ code: oneLine(code).toUpperCase(), message: oneLine([message, detailText].filter(Boolean).join(': ')) }];
}

function textOf(html: string): string {
  const title = /<title>([^<]*)<\/title>/i.exec(html)?.[1];
  return title ?? html.replaceAll(/<[^<>]*>/g, ' ');
}

// What a registry says goes into log lines and terminals: one line, no control characters, bounded.
function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029\s]+/gu, ' ')
    .trim()
    .slice(0, 300);
}
