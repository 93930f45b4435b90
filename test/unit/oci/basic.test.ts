import { expect, it } from 'vitest';
import { basicAuthorization, decodeUserPassword, encodeUserPassword } from '../../../src/oci/basic.ts';

const encoded = (text: string) => Buffer.from(text).toString('base64');

it.each([
  ['me', 'secret'],
  ['mé', 'p:ä:ss'],
  ['', ''],
])('user %s with password %s is read as it was written', (username, password) => {
  const text = encodeUserPassword({ username, password });
  expect(decodeUserPassword(text)).toEqual({ username, password });
  expect(basicAuthorization(username, password)).toBe(`Basic ${text}`);
});

it.each([
  ['no colon', encoded('me')],
  ['no base64', 'me:secret'],
  ['a space in it', `${encoded('me:secret')} x`],
])('a text with %s names nobody', (_name, text) => {
  expect(decodeUserPassword(text)).toBeUndefined();
});
