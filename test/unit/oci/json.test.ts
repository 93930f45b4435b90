import { expect, it } from 'vitest';
import { parseJson } from '../../../src/oci/json.ts';

it.each<[string, string | Uint8Array, unknown]>([
  ['text', '{"a":[1]}', { a: [1] }],
  ['bytes', Buffer.from('"ü"'), 'ü'],
  ['bytes behind a byte order mark', Buffer.from('\uFEFF{}'), {}],
  ['null', 'null', null],
  ['nothing', '', undefined],
  ['HTML', '<html>', undefined],
  ['bytes that are no UTF-8', Uint8Array.of(0x22, 0xff, 0x22), undefined],
])('%s is read as JSON, or as nothing', (_name, json, expected) => {
  expect(parseJson(json)).toEqual(expected);
});
