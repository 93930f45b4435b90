import { crc32, gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentHead, contentTail, crc32Combine, deflateRun } from '../../../src/apk/index/index-content.ts';
import {
  compareIndexEntries,
  formatIndexEntry,
  parseIndexEntry,
  type IndexEntry,
} from '../../../src/apk/index/index-entry.ts';
import { formatIndexText, parseIndexText, readIndexFile } from '../../../src/apk/index/index-file.ts';
import { decodeText, encodeText } from '../../../src/apk/text.ts';
import { GatewayError } from '../../../src/errors.ts';

const line = fc
  .string({ unit: 'grapheme', maxLength: 60 })
  .filter((text) => !/[\0-\x08\x0a-\x1f\x7f]/.test(text))
  .map((text) => Buffer.from(text).toString('utf8'));
const filled = fc.option(
  line.filter((text) => text !== ''),
  { nil: undefined },
);
const positive = fc.option(fc.integer({ min: 1 }), { nil: undefined });
const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,20}$/);
const version = fc.stringMatching(/^[0-9]{1,3}(\.[0-9]{1,2}){0,3}(_(rc|p|git)[0-9]{0,2})?(-r[0-9]{1,2})?$/);
const token = fc.stringMatching(/^!?[a-z:/.]{1,20}((=|<|>=|~)[0-9]{1,3})?$/);

const indexEntry: fc.Arbitrary<IndexEntry> = fc.record({
  identity: fc
    .uint8Array({ minLength: 20, maxLength: 20 })
    .map((bytes) => `Q1${Buffer.from(bytes).toString('base64')}`),
  name,
  version,
  architecture: fc.constantFrom('x86_64', 'noarch'),
  fileSize: fc.maxSafeNat(),
  installedSize: fc.oneof(fc.maxSafeNat(), fc.constant('999999999999999999')),
  description: line,
  url: line,
  license: line,
  origin: filled,
  maintainer: filled,
  buildTime: positive,
  commit: filled,
  providerPriority: positive,
  depends: fc.array(token),
  provides: fc.array(token),
  installIf: fc.array(token),
});
const distinctEntries = fc.uniqueArray(indexEntry, {
  selector: (entry) => `${entry.name}-${entry.version}`,
  maxLength: 20,
});

describe('an index record', () => {
  it('is what it was after being written and read', () => {
    fc.assert(
      fc.property(indexEntry, (entry) => {
        expect(parseIndexEntry(formatIndexEntry(entry))).toEqual(entry);
      }),
    );
  });

  it('is refused, or means the same once it was written anew', () => {
    const { identity } = fc.sample(indexEntry, 1)[0]!;
    const row = fc.oneof(
      line,
      fc.stringMatching(/^[A-Za-z]:.{0,20}$/),
      fc.constantFrom('', 'V:2', 'A:x', 'D:a>=1', 'D:a>='),
    );
    const rows = fc.array(row, { maxLength: 6 });
    fc.assert(
      fc.property(rows, (extra) => {
        const text = [`C:${identity}`, 'P:demo', 'V:1', 'A:x86_64', ...extra].join('\n') + '\n\n';
        try {
          const entry = parseIndexEntry(text);
          expect(parseIndexEntry(formatIndexEntry(entry))).toEqual(entry);
          expect(formatIndexEntry(entry).match(/\n\n/g)).toHaveLength(1);
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('has one place among others', () => {
    fc.assert(
      fc.property(indexEntry, indexEntry, (a, b) => {
        expect(compareIndexEntries(a, b) + compareIndexEntries(b, a)).toBe(0);
        expect(compareIndexEntries(a, { ...a })).toBe(0);
      }),
    );
  });
});

describe('the content of an index', () => {
  it('is one member of whatever runs it was joined from', () => {
    fc.assert(
      fc.property(distinctEntries, fc.integer({ min: 1, max: 7 }), line, (entries, runLength, description) => {
        const runs = entries.flatMap((_, index) =>
          index % runLength === 0 ? [deflateRun(formatIndexText(entries.slice(index, index + runLength)))] : [],
        );
        const text = formatIndexText(entries);
        const head = contentHead(description, encodeText(text).length);
        const file = Buffer.concat([head.bytes, ...runs.map(({ bytes }) => bytes), contentTail([head, ...runs])]);
        const index = readIndexFile(file, { mayBeUnsigned: true });
        expect([index.text, index.description]).toEqual([text, description]);
        expect(index.entries).toEqual(entries);
        expect(gunzipSync(file).includes(encodeText(text))).toBe(true);
      }),
    );
  });

  it('keeps every record of a text', () => {
    fc.assert(
      fc.property(distinctEntries, (entries) => {
        expect(parseIndexText(formatIndexText(entries))).toEqual(entries);
      }),
    );
  });
});

describe('bytes', () => {
  it('survive being text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(Buffer.compare(encodeText(decodeText(bytes).text), bytes)).toBe(0);
      }),
    );
  });

  it('have the CRC-32 that their parts combine to', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array({ maxLength: 5000 }), (a, b) => {
        expect(crc32Combine(crc32(a), crc32(b), b.length)).toBe(crc32(Buffer.concat([a, b])));
      }),
    );
  });
});
