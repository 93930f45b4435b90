import { expect, it } from 'vitest';
import { prefersHtml, wantedJson } from '../../../../src/http/request/accept.ts';

it.each([
  ['application/json', 'application/json'],
  ['Application/JSON; charset=utf-8', 'application/json'],
  ['application/problem+json, application/json', 'application/problem+json'],
  ['application/problem+json;q=0.1, application/json', 'application/json'],
  ['text/plain;q=0.5, application/json', 'application/json'],
  ['text/plain, application/json;q=0.5', undefined],
  ['application/json;q=0', undefined],
  ['application/json;q=0, application/problem+json', 'application/problem+json'],
  ['*/*', undefined],
  ['application/*', undefined],
  ['', undefined],
  [undefined, undefined],
])('a caller who accepts %j is answered in %s', (accept, type) => {
  expect(wantedJson(accept)).toBe(type);
});

it.each([
  ['text/html', true],
  ['TEXT/HTML, */*;q=0.1', true],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
  ['text/html;q=0.5, application/json', false],
  ['text/html;q=0', false],
  ['application/xhtml+xml', false],
  ['*/*', false],
  [undefined, false],
])('a caller who accepts %j gets pages: %s', (accept, isPage) => {
  expect(prefersHtml(accept)).toBe(isPage);
});
