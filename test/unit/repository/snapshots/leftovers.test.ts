import { describe, expect, it } from 'vitest';
import {
  goneTag,
  nameOf,
  nameTag,
  newSnapshotId,
  parseSnapshotTag,
  partTag,
  recordTag,
} from '../../../../src/repository/artifacts/snapshot-tag.ts';
import { formatArtifact } from '../../../../src/repository/artifacts/format-artifact.ts';
import { readName, wordMarker, type SnapshotWord } from '../../../../src/repository/artifacts/snapshot-word.ts';
import { createTidySnapshots, snapshotLeftovers } from '../../../../src/repository/snapshots/leftovers.ts';
import { lease } from '../../../../src/time/lease.ts';
import { stampOf } from '../../../../src/time/stamps.ts';

const place = { branch: 'v3.20', repository: 'Main', name: 'p' };
const madeMs = Date.UTC(2026, 0, 1);
const id = newSnapshotId(place, stampOf(madeMs), (bytes) => new Uint8Array(bytes).fill(7));
const [record, part0, part1] = [recordTag(place, id), partTag(place, 0, id), partTag(place, 1, id)];
const gone = goneTag(parseSnapshotTag(record)!);
const otherGone = goneTag({ tag: record, id: newSnapshotId(place, stampOf(madeMs), (bytes) => new Uint8Array(bytes)) });
const word = { tag: nameTag(place), id, says: 'name', created: stampOf(madeMs) } as const;
const aWord = manifestOf(word);

function manifestOf(said: SnapshotWord): Uint8Array {
  const { artifactType, annotations } = wordMarker(said);
  return formatArtifact(artifactType, { layers: [], annotations }, { artifactType: true });
}

/** An image that has this under every tag. */
function imageOf(bytes: Uint8Array) {
  return { fetchManifest: () => Promise.resolve({ digest: 'sha256:name', bytes }) } as never;
}

describe('what ended snapshots leave behind', () => {
  it.each([
    ['nothing, while it is there', [record, part0, part1], 30 * 86_400_000, []],
    ['nothing, while it may be being made', [part0, part1], lease.tombstoneMs - 1000, []],
    ['parts of one that never came to be', [part0, part1], lease.tombstoneMs, [part0, part1]],
    ['all but the tombstone of one that was removed', [gone, record, part1], 0, [record, part1]],
    ['the tombstone, once it stands alone', [gone], 0, [gone]],
  ])('is %s', (_what, listing, laterMs, expected) => {
    const others = ['index-v3.20-main-x86_64-0123456789', 'key-abc', 'snapshot-of-mine'];
    const leftovers = snapshotLeftovers([...others, ...listing], stampOf(madeMs + laterMs), () => true);
    expect(leftovers.map(({ tag }) => tag)).toEqual(expected);
  });

  it('keeps a tombstone that this replica has not known for long', () => {
    expect(snapshotLeftovers([gone], stampOf(madeMs + 30 * 86_400_000), () => false)).toEqual([]);
  });
});

describe('clearing away what ended snapshots leave behind', () => {
  it.each([
    ['leaves what holds the packages of one whose record a listing omits', [part0, part1], [record], []],
    ['takes the parts of one that never came to be', [part0, part1], [], [part0, part1]],
    ['takes the name of one that was removed, before its tombstone', [gone], [], ['sha256:name', gone]],
    ['leaves a name that another one has by now', [otherGone], [], [otherGone]],
    ['takes the parts of one that was removed, whatever is said of its record', [gone, part0], [record], [part0]],
  ])('%s', async (_what, listing, there, expected) => {
    const removed: string[] = [];
    const image = {
      image: 'team/app',
      resolve: (tag: string) => Promise.resolve(there.includes(tag) ? { digest: 'sha256:x' } : undefined),
      fetchManifest: () => Promise.resolve({ digest: 'sha256:name', bytes: aWord }),
      deleteManifest: (digest: string) => Promise.resolve(void removed.push(digest)),
      deleteTag: (tag: string) => Promise.resolve(void removed.push(tag)),
    };
    const stamp = () => stampOf(madeMs + 30 * 86_400_000);
    const log = { debug: () => undefined };
    let now = 0;
    const tidy = createTidySnapshots({ clock: { monotonicMs: () => (now += lease.graveMs) }, stamp, log } as never);
    await tidy(image as never, listing, {});
    expect(removed).toEqual(expected);
  });
});

describe('what says which snapshot has a name', () => {
  it('has one tag for all of that name, and says the id of the last', async () => {
    expect(nameOf({ tag: part0, id })).toBe(nameTag(place));
    expect(parseSnapshotTag(nameTag(place))).toBeUndefined();
    expect(await readName(imageOf(aWord), nameTag(place), {})).toEqual({ digest: 'sha256:name', id });
  });

  it.each([
    ['another word', manifestOf({ ...word, says: 'doubt' })],
    ['no id', manifestOf({ ...word, id: 'x' })],
    ['no manifest', Buffer.from('{')],
  ])('says nothing where it is none of ours: %s', async (_what, bytes) => {
    expect(await readName(imageOf(bytes), nameTag(place), {})).toBeUndefined();
  });
});

describe('the tags of a snapshot', () => {
  it.each([record, part0, part1, gone])('end alike, and say what they are: %s', (tag) => {
    expect(parseSnapshotTag(tag)).toMatchObject({ tag, id });
    expect(tag.length).toBeLessThanOrEqual(128);
    expect(goneTag(parseSnapshotTag(tag)!)).toBe(gone);
  });

  it('stay below 128 characters, whatever the names', () => {
    const long = { branch: 'b'.repeat(64), repository: 'r'.repeat(64), name: 'n'.repeat(64) };
    const tag = partTag(
      long,
      9999,
      newSnapshotId(long, stampOf(madeMs), (bytes) => new Uint8Array(bytes)),
    );
    expect(tag.length).toBeLessThanOrEqual(128);
    expect(parseSnapshotTag(tag)?.kind).toBe('part');
  });

  it.each(['snapshot-record-x', 'index-snapshot-x', `${record}x`, record.toUpperCase()])('are never %s', (tag) => {
    expect(parseSnapshotTag(tag)).toBeUndefined();
  });
});
