import { raw } from 'hono/html';
import type { JSX } from 'hono/jsx/jsx-runtime';
import { answer, type AnswerHeaders } from '../../answer/answer.ts';

type Element = JSX.Element;

/** What browsers are told of every page: nothing from elsewhere, nothing inline, in no frame. */
export const pageHeaders: AnswerHeaders = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'private, no-cache',
  Vary: 'Accept, Authorization, Cookie',
};

/** The most bytes of a page: what packages say of themselves must not make one that no browser shows. */
export const maxPageBytes = 512 * 1024;

const tooLarge =
  '<!DOCTYPE html><html lang="en"><title>Too large</title><p>This page would be too large to be shown. packages.json has the same.</p></html>\n';

/** A whole page; a short one that says so where it would have over 512 KiB. */
export async function pageAnswer(status: number, page: Element, headers: AnswerHeaders = {}): Promise<Response> {
  const caching = status < 400 ? {} : { 'Cache-Control': 'no-store' };
  const text = await renderPage(page);
  const shown = Buffer.byteLength(text) > maxPageBytes ? tooLarge : text;
  return answer(status, shown, { ...pageHeaders, ...caching, ...headers });
}

/** The page as text; a component that waits for something is waited for. */
export async function renderPage(page: Element): Promise<string> {
  return `<!DOCTYPE html>${await renderPart(page)}\n`;
}

/** A part of a page as text. */
export async function renderPart(part: Element): Promise<string> {
  return raw(await part).toString();
}

/** To another page, asked for with GET (RFC 9110 section 15.4.4). */
export function seeOther(location: string, headers: AnswerHeaders = {}): Response {
  return answer(303, null, { Location: location, 'Cache-Control': 'no-store', ...headers });
}
