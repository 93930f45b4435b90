import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indexEntryOf } from '../../../src/apk/index/index-entry.ts';
import { formatIndexText, parseIndexText } from '../../../src/apk/index/index-file.ts';
import { parsePackageInfo } from '../../../src/apk/package/package-info.ts';
import { isGatewayError } from '../../../src/errors.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { buildIndexContent } from '../../../src/repository/index/index-content.ts';
import { parseRun } from '../../../src/repository/index/index-run.ts';
import { compareIndexed, indexedPackage } from '../../../src/repository/index/indexed-package.ts';
import { newPackageTag } from '../../../src/repository/artifacts/package-tag.ts';
import { signatureVerdicts } from '../../../src/protocol/documents.ts';
import { packageProvenance } from '../../../src/repository/artifacts/package-provenance.ts';
import { packageSignature } from '../../../src/repository/artifacts/package-signature.ts';
import { stampOf } from '../../../src/time/stamps.ts';
import { aGroup, aRecord, at, someRandom } from '../../support/a-repository.ts';

const random = someRandom();
const identity = `Q1${Buffer.alloc(20, 7).toString('base64')}`;
/** What could end a line or a record, begin one, or be taken for something else by whoever reads it. */
const nasty = fc.oneof(
  fc.constantFrom('\n', '\r', '\0', '\v', '\f', '\u0085', '\u2028', '\x1b[2J', '\t', ' ', '\\n', '%0a', '","', '"]'),
  fc.constantFrom('P:evil', 'V:9', 'C:Q1', 'A:x86_64', 'D:evil', 'p:cmd:sh', 'r:all', 'q:9', 'i:x', 'F:etc', 'R:x'),
  fc.constantFrom('pkgname = evil', 'pkgver = 9', 'depend = evil', 'provides = x', '# ', '=', ' = '),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const text = fc.array(nasty, { maxLength: 8 }).map((parts) => parts.join(''));
const fault = (work: () => void) => {
  try {
    work();
  } catch (error) {
    if (!isGatewayError(error)) throw error;
  }
};

describe('whatever a package says of itself', () => {
  const field = fc.constantFrom(
    ...['pkgdesc', 'url', 'license', 'origin', 'maintainer', 'commit', 'packager', 'depend', 'provides', 'install_if'],
    ...['provider_priority', 'builddate', 'size', 'replaces', 'triggers', 'unknown'],
  );

  it('it is one record of an index, under its own name', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(field, text), { maxLength: 6 }), (fields) => {
        const head = ['pkgname = good', 'pkgver = 1-r0', 'arch = x86_64', 'size = 1', `datahash = ${'0'.repeat(64)}`];
        const lines = [...head, ...fields.map(([name, value]) => `${name} = ${value}`)].join('\n');
        fault(() => {
          const entry = indexEntryOf(parsePackageInfo(Buffer.from(`${lines}\n`)).info, { identity, fileSize: 1 });
          const written = formatIndexText([entry]);
          // Lines end at a line feed alone: to apk, what JavaScript calls a line separator is text.
          expect(written.split('\n').filter((line) => line.startsWith('P:'))).toEqual([`P:${entry.name}`]);
          expect(written.match(/\n\n/g)).toHaveLength(1);
          expect(written).not.toMatch(/[\0-\x08\x0b-\x1f\x7f]/);
          expect(parseIndexText(written)).toEqual([entry]);
          expect(entry.name === 'good' || fields.some(([, value]) => value.includes('pkgname = evil'))).toBe(true);
        });
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the details beside an index', () => {
  const aFile = (name: string, more: object) => {
    const pkg = { ...aRecord({ name }), ...more };
    const names = { fileName: pkg.fileName, identity: pkg.entry.identity };
    return indexedPackage(pkg, [newPackageTag(aGroup(), names, stampOf(1e12), random)]);
  };
  const signature = fc
    .tuple(fc.constantFrom(...signatureVerdicts), fc.array(text))
    .map(([verdict, names]) => packageSignature(verdict, names));
  const given = text.filter((one) => one !== '');
  const provenance = fc
    .record({ promotedFrom: text, promotedBy: text, restoredBy: text }, { requiredKeys: [] })
    .map(packageProvenance);
  const told = fc.record({ packager: given, pushedBy: given, signature, provenance }, { requiredKeys: [] });

  it('stay those of each package, whatever its packager and pusher are called', () => {
    fc.assert(
      fc.property(fc.array(told, { minLength: 1, maxLength: 5 }), (people) => {
        const files = people.map((one, i) => aFile(`pkg${i}`, one)).sort(compareIndexed);
        const read = buildIndexContent(at, files, []).runs.flatMap(
          (run) => parseRun(aGroup(), run.part, run.details).files,
        );
        const known = ({ pkg }: (typeof files)[number]) => [
          pkg.fileName,
          pkg.packager,
          pkg.pushedBy,
          pkg.signature,
          pkg.provenance,
        ];
        expect(read.map(known)).toEqual(files.map(known));
      }),
      { numRuns: 300 },
    );
  });

  it('of any shape are refused, or belong to exactly the records that there are', () => {
    const files = [aFile('one', {}), aFile('two', {})].sort(compareIndexed);
    const [run] = buildIndexContent(at, files, []).runs;
    const hex = fc.constantFrom('a'.repeat(64), 'A'.repeat(64), '', '../..', 'a'.repeat(63));
    const fresh = fc.oneof(text, fc.stringMatching(/^[a-z0-9]{13}$/), fc.integer(), fc.constant(null));
    const row = fc.oneof(
      fc
        .tuple(
          hex,
          fc.array(fresh, { maxLength: 3 }),
          text,
          text,
          fc.oneof(text, fc.json()),
          text,
          fc.oneof(text, fc.json()),
        )
        .map((one) => JSON.stringify(one)),
      fc.json(),
      text,
    );
    fc.assert(
      fc.property(fc.array(row, { maxLength: 4 }), (rows) => {
        const bytes = deflateSync(Buffer.from(rows.join('\n')));
        fault(() => {
          const read = parseRun(aGroup(), run!.part, { bytes, digest: digestOf(bytes) });
          expect(read.files.map(({ pkg }) => pkg.fileName)).toEqual(['one-1.0-r0.apk', 'two-1.0-r0.apk']);
          for (const { tags } of read.files) for (const tag of tags) expect(tag).toMatch(/^[a-z0-9._-]{1,128}$/);
        });
      }),
      { numRuns: 1000 },
    );
  });

  it('that inflate to more than any index has are refused', () => {
    const [run] = buildIndexContent(at, [aFile('one', {})], []).runs;
    const bytes = deflateSync(Buffer.alloc(64 * 2 ** 20));
    expect(() => parseRun(aGroup(), run!.part, { bytes, digest: digestOf(bytes) })).toThrow(
      expect.objectContaining({ code: 'INDEX_MALFORMED' }),
    );
  });
});
