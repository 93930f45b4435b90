import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIndexEntry } from '../../../src/apk/index/index-entry.ts';
import { GatewayError } from '../../../src/errors.ts';
import { buildIndexContent, contentPieces } from '../../../src/repository/index/index-content.ts';
import { parseRun, type IndexRun, type RunFormat } from '../../../src/repository/index/index-run.ts';
import { cutRuns, runsBeside } from '../../../src/repository/index/index-runs.ts';
import { compareIndexed, indexedPackage, type IndexedPackage } from '../../../src/repository/index/indexed-package.ts';
import { newPackageTag } from '../../../src/repository/artifacts/package-tag.ts';
import { stampOf } from '../../../src/time/stamps.ts';
import { aGroup, aRecord, at, someRandom } from '../../support/a-repository.ts';

const random = someRandom();

function aFile(name: string, arch = 'x86_64', twins = 1): IndexedPackage {
  const pkg = aRecord({ name, arch });
  const names = { fileName: pkg.fileName, identity: pkg.entry.identity };
  const tags = Array.from({ length: twins }, () => newPackageTag(aGroup(arch), names, stampOf(1e12), random));
  return indexedPackage(pkg, tags);
}

function aV3File(name: string, arch: string): IndexedPackage {
  const { pkg } = aFile(name, arch);
  const identity = `Q2${createHash('sha256').update(name).digest('base64')}`;
  const entry = { ...pkg.entry, identity, tags: [`tag=${name}`], recommends: ['more'], replaces: [], layer: undefined };
  const names = { fileName: pkg.fileName, identity };
  return indexedPackage({ ...pkg, entry }, [newPackageTag(aGroup(arch), names, stampOf(1e12), random)]);
}

const told = ({ pkg: { fileName, digest, entry } }: IndexedPackage) => ({
  fileName,
  digest,
  entry: { identity: entry.identity, tags: entry.tags, recommends: entry.recommends },
});

const bytesOf = (files: readonly IndexedPackage[], previous: readonly IndexRun[] = []) =>
  Buffer.concat(contentPieces(buildIndexContent(at, [...files].sort(compareIndexed), previous)));

const pool = Array.from({ length: 400 }, (_, i) =>
  aFile(`pkg${i}`, i % 7 === 0 ? 'noarch' : 'x86_64', i % 11 === 0 ? 2 : 1),
);
const someFiles = fc.subarray(pool);

describe('the content of an index', () => {
  it('depends on the set alone: built step by step in any order or at once, the same bytes', () => {
    fc.assert(
      fc.property(someFiles, fc.array(fc.nat(399), { maxLength: 12 }), (files, toggles) => {
        const set = new Set(files);
        let content = buildIndexContent(at, [...set].sort(compareIndexed), []);
        for (const i of toggles) {
          const file = pool[i]!;
          if (!set.delete(file)) set.add(file);
          content = buildIndexContent(at, [...set].sort(compareIndexed), content.runs);
        }
        expect(Buffer.concat(contentPieces(content)).equals(bytesOf([...set]))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('is one valid gzip member', () => {
    fc.assert(
      fc.property(someFiles, (files) => {
        const text = gunzipSync(bytesOf(files)).toString('latin1');
        for (const { pkg } of files) expect(text).toContain(formatIndexEntry(pkg.entry));
      }),
      { numRuns: 20 },
    );
  });

  it('survives being stored: each run reads back as what was written', () => {
    fc.assert(
      fc.property(someFiles, (files) => {
        const { runs } = buildIndexContent(at, [...files].sort(compareIndexed), []);
        for (const run of runs) {
          const read = parseRun(aGroup(), run.part, run.details);
          expect([read.crc, read.length]).toEqual([run.crc, run.length]);
          const told = ({ tags, pkg }: IndexedPackage) => [formatIndexEntry(pkg.entry), tags, pkg.digest];
          expect(read.files.map(told)).toEqual(run.files.map(told));
        }
      }),
      { numRuns: 20 },
    );
  });

  it('has the packages of apk 3 in runs of their own, read back as they were, and none of them in APKINDEX', () => {
    const v3Pool = Array.from({ length: 300 }, (_, i) => aV3File(`new${i}`, i % 7 === 0 ? 'noarch' : 'x86_64'));
    fc.assert(
      fc.property(someFiles, fc.subarray(v3Pool), (v2, v3) => {
        const sorted = [...v2, ...v3].sort(compareIndexed);
        const content = buildIndexContent(at, sorted, []);
        expect(content.files()).toEqual(sorted);
        const text = gunzipSync(Buffer.concat(contentPieces(content))).toString('latin1');
        expect(text.match(/^P:/gm) ?? []).toHaveLength(v2.length);
        const again = (runs: readonly IndexRun[], format: RunFormat) =>
          runs.flatMap((run) => parseRun(aGroup(), run.part, run.details, format).files);
        expect(again(content.v3Runs, 'v3').map(({ pkg }) => pkg)).toMatchObject(v3.sort(compareIndexed).map(told));
        expect(again(content.v2Runs, 'v2')).toHaveLength(v2.length);
        for (const run of content.v3Runs)
          expect(() => parseRun(aGroup(), run.part, run.details, 'v2')).toThrow(GatewayError);
        for (const run of content.v2Runs)
          expect(() => parseRun(aGroup(), run.part, run.details, 'v3')).toThrow(GatewayError);
        expect(2 * content.runs.length).toBeLessThan(127);
      }),
      { numRuns: 20 },
    );
  });

  it('is refused, never misread, where a stored run is not what was written', () => {
    const { runs } = buildIndexContent(at, pool.slice(0, 60).sort(compareIndexed), []);
    const run = runs[0]!;
    fc.assert(
      fc.property(
        fc.constantFrom('part', 'details'),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (which, where, flip) => {
          const bytes = Uint8Array.from(run[which].bytes);
          const i = where % bytes.length;
          bytes[i] = bytes[i]! ^ flip;
          try {
            parseRun(
              aGroup(),
              which === 'part' ? { ...run.part, bytes } : run.part,
              which === 'details' ? { ...run.details, bytes } : run.details,
            );
          } catch (error) {
            expect(error).toBeInstanceOf(GatewayError);
          }
        },
      ),
    );
  });

  it('refuses a run of a foreign architecture', () => {
    const { runs } = buildIndexContent(at, [aFile('one'), aFile('two')].sort(compareIndexed), []);
    const [run] = runs;
    expect(() => parseRun(aGroup('aarch64'), run!.part, run!.details)).toThrow(GatewayError);
  });
});

describe('runs', () => {
  const hashes = (count: number) => {
    const bytes = random(64);
    let state = bytes[0]! * 0x1000000 + bytes[1]! * 0x10000 + bytes[2]! * 0x100 + bytes[3]! || 1;
    return Array.from({ length: count }, () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return { cutHash: state >>> 0 };
    });
  };

  it.each([0, 1, 63, 64, 1000, 3620, 3621, 5004, 20_000, 100_000])('are at most 59 for %d records', (count) => {
    const records = hashes(count);
    const runs = cutRuns(records);
    expect(runs.length).toBeLessThanOrEqual(59);
    expect(runs.flat()).toEqual(records);
    expect(runs.every((run) => run.length > 0)).toBe(true);
  });

  it.each([1000, 20_000, 100_000])(
    'are so few of %d records beside those of the other format that both fit',
    (count) => {
      const records = hashes(count);
      const runs = cutRuns(records, runsBeside(records));
      expect(2 * (2 * runs.length) + 3).toBeLessThan(127);
      expect(runs.flat()).toEqual(records);
    },
  );

  it('change in few places when a record is added', () => {
    let most = 0;
    let changedInAll = 0;
    const rounds = 60;
    for (let i = 0; i < rounds; i += 1) {
      const records = hashes(5000);
      const at_ = (i * 83) % records.length;
      const before = new Set(cutRuns(records).map((run) => `${run[0]!.cutHash} ${run.length}`));
      const after = cutRuns([...records.slice(0, at_), ...hashes(1), ...records.slice(at_)]);
      const changed = after.filter((run) => !before.has(`${run[0]!.cutHash} ${run.length}`)).length;
      most = Math.max(most, changed);
      changedInAll += changed;
    }
    expect(changedInAll / rounds).toBeLessThan(2);
    expect(most).toBeLessThanOrEqual(8);
  });
});
