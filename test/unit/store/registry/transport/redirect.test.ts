import { describe, expect, it } from 'vitest';
import { resolveLocation } from '../../../../../src/store/registry/transport/redirect.ts';

const base = new URL('https://r.example/v2/a/blobs/uploads/');

describe('resolveLocation', () => {
  it.each([
    ['/v2/a/blobs/uploads/1?_state=a%2Bb%3D', 'https://r.example/v2/a/blobs/uploads/1?_state=a%2Bb%3D'],
    ['1', 'https://r.example/v2/a/blobs/uploads/1'],
    ['https://cdn.example/x', 'https://cdn.example/x'],
    ['http://r.example/x', 'https://r.example/x'],
    ['https://user:secret@cdn.example/x', 'https://cdn.example/x'],
  ])('of %s is %s', (location, expected) => {
    expect(resolveLocation(base, location).href).toBe(expected);
  });

  it.each([
    'http://cdn.example/x',
    'http://r.example:8080/x',
    'ftp://r.example/',
    'file:///etc/passwd',
    'https://',
    'https://a b/',
  ])('refuses %s', (location) => {
    expect(() => resolveLocation(base, location)).toThrow(expect.objectContaining({ code: 'STORE_ANSWER_INVALID' }));
  });
});
