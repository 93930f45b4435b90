import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../../src/oci/digest.ts';
import { askForTag } from '../../../../src/repository/live/absence.ts';
import { createSightings } from '../../../../src/repository/live/sightings.ts';
import type { FetchedManifest, ImageStore, Store } from '../../../../src/store/store.ts';
import { aCaller, aClock, aReplica, at, listedBy } from '../../../support/a-repository.ts';
import { createMemoryStore, type MemoryImage } from '../../../support/memory-store.ts';

const minuteMs = 60_000;

/** A registry that for a moment shows no package, by listing or by name; to a stranger it never shows anything. */
function aWorld() {
  const clock = aClock();
  const images = new Map<string, MemoryImage>();
  const state = { isBehind: false };
  const isShown = (tag: string) => !state.isBehind || !tag.includes('-p-');
  const truth = createMemoryStore({
    images,
    listing: (_image, { tags }) => [...tags.keys()].filter(isShown),
    lookup: (_image, tag, { tags }) => (isShown(tag) ? tags.get(tag) : undefined),
  });
  const nothing = createMemoryStore();
  const store: Store = {
    ...truth,
    image: (image, credentials, requestId) =>
      (credentials.kind === 'basic' && credentials.username === 'stranger' ? nothing : truth).image(
        image,
        credentials,
        requestId,
      ),
  };
  const replica = aReplica({ store, clock });
  const listed = async () => {
    clock.pass(minuteMs);
    return await listedBy(clock, replica);
  };
  const listedBehind = async () => {
    state.isBehind = true;
    const names = await listed();
    state.isBehind = false;
    return names;
  };
  return { clock, replica, listed, listedBehind };
}

describe('one moment in which a registry does not show a package', () => {
  it('proves nothing together with one that a listing has refuted since', async () => {
    const { clock, replica, listed, listedBehind } = aWorld();
    await replica.push([{ name: 'one', version: '1.0-r0' }]);
    expect(await listedBehind()).toEqual(['one-1.0-r0']);
    expect(await listed()).toEqual(['one-1.0-r0']);
    clock.pass(10 * minuteMs);
    expect(await listedBehind()).toEqual(['one-1.0-r0']);
  });

  it('proves nothing together with what a stranger was not shown', async () => {
    const { clock, replica, listedBehind } = aWorld();
    await replica.push([{ name: 'one', version: '1.0-r0' }]);
    const strangers = await clock.until(replica.repositories.openIndex(at, 'x86_64', aCaller('stranger')));
    expect(strangers).toBeUndefined();
    clock.pass(10 * minuteMs);
    expect(await listedBehind()).toEqual(['one-1.0-r0']);
  });
});

const bytes = Buffer.from('<html>welcome</html>');
const junk: FetchedManifest = { digest: digestOf(bytes), mediaType: 'text/html', bytes };

describe('an odd answer about a package that only the listing shows', () => {
  /** What is told of it where the first answers are these. */
  async function toldAfter(odd: readonly (FetchedManifest | undefined)[]) {
    const clock = aClock();
    const store = createMemoryStore();
    await aReplica({ store, clock }).push([{ name: 'one', version: '1.0-r0' }]);
    const image = store.image(at.image, aCaller('reader').credentials);
    const tag = (await image.tags()).find((one) => one.includes('-p-')) ?? '';
    const answers = [...odd];
    const oddly: ImageStore = {
      ...image,
      fetchManifest: (reference, call) =>
        answers.length > 0 ? Promise.resolve(answers.shift()) : image.fetchManifest(reference, call),
    };
    return (await askForTag(oddly, { tag, pkg: undefined }, createSightings(clock), {})).state;
  }

  it.each([
    ['nothing', undefined],
    ['something else', junk],
  ])('does not hide it: %s, once', async (_answer, odd) => {
    expect(await toldAfter([odd])).toBe('found');
  });

  it('counts where it is given twice', async () => {
    expect(await toldAfter([undefined, undefined])).toBe('unseen');
    expect(await toldAfter([junk, junk])).toBe('garbled');
  });

  it('is not believed where the next one is odd too, and another one', async () => {
    expect(await toldAfter([undefined, junk])).toBe('garbled');
    expect(await toldAfter([junk, undefined])).toBe('garbled');
  });
});
