import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isGatewayError } from '../../../src/errors.ts';
import { parseAddress, type Address } from '../../../src/http/request/addressing.ts';
import { parseRange } from '../../../src/http/request/conditional.ts';

const piece = fc.constantFrom(
  ...['apk', 'api', 'packages', 'alpine', 'edge', 'main', 'x86_64', 'image', 'a.b', 'push', 'key', 'APKINDEX.tar.gz'],
  ...[
    'demo-1.0-r0.apk',
    'k.rsa.pub',
    '..',
    '.',
    '%2e%2e',
    '%2f',
    '%00',
    '%',
    '%zz',
    '%c3%a9',
    '\\',
    '+',
    '~',
    '',
    ' ',
    '?',
  ],
);
const path = fc
  .array(fc.oneof({ weight: 8, arbitrary: piece }, { weight: 1, arbitrary: fc.string() }), { maxLength: 9 })
  .map((pieces) => `/${pieces.join('/')}`);
const options = fc.constantFrom({}, { singleImage: 'user/image' }, { domain: 'example.org' });
const host = fc.constantFrom('localhost:9887', 'apk.example.org');

describe('whatever the path', () => {
  it('it is an address of legal names, nothing, or a fault with a code', () => {
    fc.assert(
      fc.property(host, path, options, (asked, text, how) => {
        try {
          const address = parseAddress(asked, text, how);
          for (const name of namesIn(address)) expect(name).toMatch(/^(?!\.\.?$)[^\\\0-\x1f\x7f]+$/);
        } catch (error) {
          if (!isGatewayError(error)) throw error;
          expect(error.code).toMatch(/_INVALID$/);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

it('whatever the range, it lies within what is there', () => {
  const header = fc.oneof(
    fc.string(),
    fc.tuple(fc.nat(200), fc.nat(200)).map(([a, b]) => `bytes=${a}-${b}`),
  );
  fc.assert(
    fc.property(header, fc.nat(150), (text, size) => {
      const range = parseRange(text, size);
      if (typeof range !== 'object') return;
      expect(range.start).toBeLessThanOrEqual(range.end);
      expect(range.end).toBeLessThan(size);
    }),
  );
});

function namesIn(address: Address | undefined): string[] {
  if (address === undefined || address.kind === 'image-key') return [];
  if (address.kind !== 'file' && address.kind !== 'facts') return Object.values(address.base.at) as string[];
  expect(address.fileName).not.toContain('/');
  return [address.fileName, ...address.readings.flatMap(({ base }) => Object.values(base.at) as string[])];
}
