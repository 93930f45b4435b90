import fc from 'fast-check';
import { expect, it } from 'vitest';
import { adbRecordOf, createParseToken } from '../../../src/apk/index-v3/index-v3-entry.ts';
import { formatIndexV3Record, parseIndexV3Record } from '../../../src/apk/index-v3/index-v3-record.ts';
import { readPackageV3 } from '../../../src/apk/package-v3/package-v3-file.ts';
import { isGatewayError } from '../../../src/errors.ts';
import { aV3Apk } from '../../support/a-v3-apk.ts';
import { chunked } from '../../unit/apk/fixtures.ts';

/** What could end a line, a token or a record, or be taken for something else by whoever reads it. */
const nasty = fc.oneof(
  fc.constantFrom(
    '\n',
    '\r',
    '\0',
    '\t',
    ' ',
    '=',
    '<',
    '>',
    '~',
    '!',
    '><',
    ':',
    'C:Q1',
    '\nP:evil',
    'cmd:sh',
    '1.0',
    '1',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const plain = fc.constantFrom('', 'x', 'C:Q1', 'P:evil', '!', 'a=b', '=1', '~', 'é', '\udc80', '  x ');
const text = fc.oneof(
  { weight: 20, arbitrary: plain },
  fc.array(nasty, { maxLength: 4 }).map((parts) => parts.join('')),
);
const name = fc.oneof({ weight: 20, arbitrary: fc.constantFrom('a', 'so:b', 'cmd:c', '/bin/sh') }, text);
const version = fc.oneof({ weight: 20, arbitrary: fc.constantFrom('1.0-r0', '2~abc', '3_git1') }, text);
const match = fc.oneof(fc.constantFrom(1, 2, 3, 4, 5, 6, 9, 17, 23), fc.nat(40));
const dependency = fc.record({ name, version, match }, { requiredKeys: ['name'] });
const list = fc.array(dependency, { maxLength: 3 });
const info = fc.record(
  {
    ...{
      description: text,
      license: text,
      origin: text,
      maintainer: text,
      url: text,
      repoCommit: fc.uint8Array({ maxLength: 24 }),
    },
    ...{ buildTime: fc.nat(), providerPriority: fc.nat(), layer: fc.nat(2), tags: fc.array(text, { maxLength: 3 }) },
    ...{ depends: list, provides: list, replaces: list, installIf: list, recommends: list },
  },
  { requiredKeys: [] },
);

it('whatever a v3 package says of itself, its record as text says the very same or the package is refused', async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(info, async (said) => {
      const entry = await readPackageV3(chunked(aV3Apk({ info: said }))).then(
        (summary) => summary.entry,
        (error: unknown) => {
          if (!isGatewayError(error)) throw error;
        },
      );
      if (entry === undefined) return;
      taken += 1;
      const written = formatIndexV3Record(entry);
      expect(written.match(/\n\n/g)).toHaveLength(1);
      const read = parseIndexV3Record(written);
      expect(formatIndexV3Record(read)).toBe(written);
      expect(adbRecordOf(read, createParseToken())).toEqual(adbRecordOf(entry, createParseToken()));
    }),
    { numRuns: 1500 },
  );
  expect(taken).toBeGreaterThan(100);
});
