import { createHash, generateKeyPairSync } from 'node:crypto';
import { makeIndexV3File } from '../src/apk/index-v3/index-v3-file.ts';
import { formatIndexV3Payload } from '../src/apk/index-v3/index-v3-payload.ts';
import { compareIndexEntries, type IndexEntry } from '../src/apk/index/index-entry.ts';
import { packageFileName } from '../src/apk/package-name.ts';
import { digestOfHex } from '../src/oci/digest.ts';
import { newPackageTag } from '../src/repository/artifacts/package-tag.ts';
import { buildIndexContent } from '../src/repository/index/index-content.ts';
import { indexedPackage } from '../src/repository/index/indexed-package.ts';
import { stampOf } from '../src/time/stamps.ts';
import { showMiB, showMs, spreadOf, timed, type Row } from './support/figures.ts';
import { entryOf } from './support/seed.ts';

const group = { image: 'bench/indexes', branch: 'edge', repository: 'main', architecture: 'x86_64' };
const rounds = 5;
const maxRatio = 3;
const maxTurnMs = 50;

/** What the two indexes of a repository cost when each is made whole, side by side in one process. */
export async function benchIndexes(count: number, report: (row: Row) => void): Promise<void> {
  const entries = Array.from({ length: count }, (_, i) => entryOf(group, i)).sort(compareIndexEntries);
  const files = entries.map(indexed);
  const key = generateKeyPairSync('rsa', { modulusLength: 4096 });
  let size = 0;
  const old = spreadOf(await timed(rounds, () => Promise.resolve(buildIndexContent(group, files, []))));
  const made = spreadOf(
    await timed(rounds, async () => {
      size = (await makeIndexV3File(entries, { description: 'edge/main' }, [key])).length;
    }),
  );
  const turns = spreadOf(Array.from({ length: rounds }, () => longestTurnMs(entries)));
  const ratio = made.median / old.median;
  report({ what: `APKINDEX.tar.gz of ${count} packages`, figure: showMs(old), goal: '', isMet: undefined });
  report({ what: `Packages.adb of ${count} packages`, figure: showMs(made), goal: '', isMet: undefined });
  report({ what: '  its size', figure: showMiB(size), goal: '', isMet: undefined });
  report({
    what: '  against APKINDEX.tar.gz',
    figure: `${ratio.toFixed(1)} ×`,
    goal: `≤ ${maxRatio} ×`,
    isMet: ratio <= maxRatio,
  });
  report({
    what: '  the longest it holds the thread',
    figure: showMs(turns),
    goal: `≤ ${maxTurnMs} ms`,
    isMet: turns.median <= maxTurnMs,
  });
}

function indexed(entry: IndexEntry) {
  const fileName = packageFileName(entry.name, entry.version);
  const digest = digestOfHex(createHash('sha256').update(fileName).digest('hex'));
  const pkg = { fileName, architecture: entry.architecture, entry, digest };
  const tag = newPackageTag(group, { fileName, identity: entry.identity }, stampOf(0), (bytes) => Buffer.alloc(bytes));
  return indexedPackage(pkg, [tag]);
}

function longestTurnMs(entries: readonly IndexEntry[]): number {
  const making = formatIndexV3Payload(entries, { description: 'edge/main' });
  for (let longest = 0; ;) {
    const began = performance.now();
    const { done } = making.next();
    longest = Math.max(longest, performance.now() - began);
    if (done === true) return longest;
  }
}
