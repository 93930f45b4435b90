import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { newPackageTag } from '../../../src/repository/artifacts/package-tag.ts';
import { layersOf } from '../../../src/repository/index/index-layers.ts';
import { buildIndexContent, layersOfContent } from '../../../src/repository/index/index-content.ts';
import { formatIndexManifest, parseIndexManifest } from '../../../src/repository/index/index-manifest.ts';
import { compareIndexed, indexedPackage } from '../../../src/repository/index/indexed-package.ts';
import { inlineRuns } from '../../../src/repository/index/inline-runs.ts';
import type { StoredIndex } from '../../../src/repository/index/stored-index.ts';
import { stampOf } from '../../../src/time/stamps.ts';
import { aGroup, aRecord, at, someRandom } from '../../support/a-repository.ts';

const random = someRandom();
const pool = Array.from({ length: 600 }, (_, i) => {
  const pkg = aRecord({ name: `pkg${i}`, arch: 'x86_64' });
  const names = { fileName: pkg.fileName, identity: pkg.entry.identity };
  return indexedPackage(pkg, [newPackageTag(aGroup(), names, stampOf(1e12), random)]);
}).sort(compareIndexed);
const whole = buildIndexContent(at, pool, []);
const without = (i: number) =>
  buildIndexContent(
    at,
    pool.filter((_, place) => place !== i),
    whole.runs,
  );
const sizeOf = ({ part, details }: (typeof whole.runs)[number]) => part.bytes.length + details.bytes.length;

const manifestOf = (content: typeof whole, inline: ReadonlySet<(typeof whole.runs)[number]>) => {
  const head = Buffer.from('head');
  const index = { group: aGroup(), createdMs: 0, signedHead: head, v3Signatures: undefined, content, inline };
  return formatIndexManifest(index, 'once', { artifactType: true });
};
/** The version of an index whose manifest holds these runs itself. */
const storedAs = (content: typeof whole, inline: ReadonlySet<(typeof whole.runs)[number]>) =>
  ({ content, blobs: new Set(layersOfContent(content, inline).map(({ digest }) => digest)) }) as unknown as StoredIndex;

describe('runs that the manifest of an index holds itself', () => {
  it('are read back in their places, whichever they are', () => {
    fc.assert(
      fc.property(fc.subarray([...whole.v2Runs]), (some) => {
        const inline = new Set(some);
        const { v2Runs } = parseIndexManifest(manifestOf(whole, inline));
        expect(v2Runs.map(({ part }) => part.digest)).toEqual(whole.v2Runs.map(({ part }) => part.digest));
        expect(v2Runs.map(({ details }) => details.digest)).toEqual(whole.v2Runs.map(({ details }) => details.digest));
        expect(v2Runs.flatMap((run, i) => (run.inline === undefined ? [] : [whole.v2Runs[i]]))).toEqual(some);
        const layers = layersOf({ v2Runs, v3Runs: [] }).map(({ digest }) => digest);
        expect(layers).toEqual(layersOfContent(whole, inline).map(({ digest }) => digest));
      }),
      { numRuns: 50 },
    );
  });

  it('are no more bytes than a manifest may hold of them, and none that are stored as layers', () => {
    expect(whole.runs.length).toBeGreaterThan(5);
    fc.assert(
      fc.property(fc.subarray([...whole.runs]), fc.nat(40_000), fc.nat(599), (some, maxBytes, i) => {
        const next = without(i);
        const before = storedAs(whole, new Set(some));
        const inline = inlineRuns(next, before, maxBytes);
        expect([...inline].reduce((sum, run) => sum + sizeOf(run), 0)).toBeLessThanOrEqual(maxBytes);
        for (const run of inline) expect(before.blobs.has(run.part.digest)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  it('are those that changed last: a push of one package sends no layer but of what falls out', () => {
    const maxBytes = 40_000;
    let content = whole;
    let stored = storedAs(content, new Set());
    for (let i = 0; i < 600; i += 37) {
      const next = without(i);
      const inline = inlineRuns(next, stored, maxBytes);
      const changed = next.runs.filter((run) => !content.runs.includes(run));
      for (const run of changed) expect(inline.has(run)).toBe(true);
      const sent = next.runs.filter((run) => !inline.has(run) && !stored.blobs.has(run.part.digest));
      for (const run of sent) expect(content.runs.includes(run)).toBe(true);
      content = next;
      stored = storedAs(content, inline);
    }
  });

  it.each([
    ['a place that is none', 'x:AAAA:AAAA'],
    ['a place past the end', '7:AAAA:AAAA'],
    ['no details', '0:AAAA'],
    ['nothing', ''],
    ['more of them than any index has', Array.from({ length: 1_000_000 }, () => '0::').join(' ')],
  ])('make an index none that is believed, where one has %s', (_what, text) => {
    const manifest = JSON.parse(Buffer.from(manifestOf(whole, new Set())).toString()) as { annotations: object };
    Object.assign(manifest.annotations, { 'lkard.apk.index.v3.runs': text });
    const planted = Buffer.from(JSON.stringify(manifest));
    const began = process.cpuUsage();
    expect(() => parseIndexManifest(planted)).toThrow(GatewayError);
    // A million splices would take minutes, of everybody.
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(4000);
  });
});
