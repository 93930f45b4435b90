import { describe, expect, it } from 'vitest';
import { GatewayError, errorCodes, type ErrorCode, type ErrorDetails } from '../../../../src/errors.ts';
import { errorResponse, internalErrorResponse } from '../../../../src/http/answer/error-response.ts';

const plain = { accept: undefined, isAnonymous: false };
const fault = (code: ErrorCode, message = 'what is wrong', details: ErrorDetails = {}) =>
  new GatewayError(code, message, { details });

describe('errorResponse', () => {
  it.each(errorCodes)('answers %s with a status of its own kind and one line of text', async (code) => {
    const response = errorResponse(fault(code, 'first\nsecond\r\nthird'), plain);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.text()).toBe('first second third\n');
  });

  it.each([
    ['PACKAGE_MALFORMED', 400],
    ['UNAUTHORIZED', 401],
    ['FORBIDDEN', 403],
    ['PACKAGE_UNKNOWN', 404],
    ['PACKAGE_EXISTS', 409],
    ['STORE_ANSWER_INVALID', 502],
    ['STORE_UNAVAILABLE', 503],
    ['SIGNING_KEY_LOCKED', 503],
  ] as const)('answers %s with %i', (code, status) => {
    expect(errorResponse(fault(code), plain).status).toBe(status);
  });

  it.each(['UNAUTHORIZED', 'FORBIDDEN'] as const)('asks a caller without credentials for some on %s', (code) => {
    const response = errorResponse(fault(code), { accept: undefined, isAnonymous: true });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Basic realm="/);
  });

  it('tells a caller too large from a store too large', () => {
    expect(errorResponse(fault('SIZE_EXCEEDED', 'x', { sentBy: 'caller' }), plain).status).toBe(413);
    expect(errorResponse(fault('SIZE_EXCEEDED'), plain).status).toBe(502);
  });

  it.each([
    [{ retryAfterSeconds: 17 }, '17'],
    [{}, '5'],
  ])('says when to try again: %o', (details, expected) => {
    const response = errorResponse(fault('STORE_UNAVAILABLE', 'x', details), plain);
    expect(response.headers.get('retry-after')).toBe(expected);
  });

  it('asks nobody to try again what only another key would mend', () => {
    const response = errorResponse(fault('SIGNING_KEY_LOCKED'), plain);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, null]);
  });

  it('writes JSON for who asks for it', async () => {
    const accept = 'text/html;q=0.5, application/json';
    const response = errorResponse(fault('BRANCH_INVALID', 'no branch', { branch: '.x' }), { ...plain, accept });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({ code: 'BRANCH_INVALID', message: 'no branch', details: { branch: '.x' } });
  });

  it('writes problem+json for who asks for that', async () => {
    const response = errorResponse(fault('FORBIDDEN'), { ...plain, accept: 'application/problem+json' });
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const problem = { type: 'about:blank', title: 'Forbidden', status: 403, detail: 'what is wrong' };
    expect(await response.json()).toMatchObject({ ...problem, code: 'FORBIDDEN' });
  });

  it('keeps the one image of a gateway to itself', async () => {
    const request = { ...plain, accept: 'application/json', hiddenImage: 'user/image' };
    const error = fault('FORBIDDEN', 'user/image: no right; other/user/image and user/images', { image: 'user/image' });
    const { message, details } = (await errorResponse(error, request).json()) as Record<string, unknown>;
    expect(message).toBe('this image: no right; other/user/image and user/images');
    expect(details).toEqual({});
  });
});

it('says nothing of an internal error but where to look', async () => {
  const response = internalErrorResponse({ ...plain, requestId: 'r-1' });
  expect(response.status).toBe(500);
  expect(await response.text()).toBe('internal error; the log has it as request r-1\n');
});
