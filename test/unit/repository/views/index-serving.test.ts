import { describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../../../src/errors.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { imageManifestType } from '../../../../src/oci/manifest.ts';
import { indexTag, peekKind } from '../../../../src/repository/artifacts/package-tag.ts';
import { createMemoryStore, type MemoryCall, type MemoryImage } from '../../../support/memory-store.ts';
import { aCaller, aClock, aReplica, aSigningKey, at, fixedKeys, listedBy } from '../../../support/a-repository.ts';

const keys = fixedKeys(aSigningKey());
const minuteMs = 60_000;
const pkg = (name: string) => ({ name, version: '1.0-r0' });

/** Two replicas before one registry, the first with a hook after its calls. */
function twoReplicas(after: (call: MemoryCall) => Promise<void> = () => Promise.resolve(), freshnessMs = 1000) {
  const clock = aClock();
  const images = new Map<string, MemoryImage>();
  const calls: MemoryCall[] = [];
  const noted = (call: MemoryCall) => {
    calls.push(call);
    return after(call);
  };
  // The clock also moves on while threads sign, and nobody's push is to end by that.
  const options = { freshnessMs, publishTimeoutMs: Infinity };
  const first = aReplica({ store: createMemoryStore({ images, after: noted }), clock, keys }, options);
  const second = aReplica({ store: createMemoryStore({ images }), clock, keys }, options);
  return { clock, calls, first, second };
}

describe('serving an index', () => {
  it('never goes back to what an older look of a publisher has seen', async () => {
    let mayAnswer = true;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { clock, first, second } = twoReplicas(({ operation, credentials }) => {
      const isHeld =
        !mayAnswer && operation === 'tags' && credentials.kind === 'basic' && credentials.username === 'ci';
      return isHeld ? held : Promise.resolve();
    });
    await first.push([pkg('one')]);
    await listedBy(clock, first);
    // A second push of the same bytes is refused once the index covers them: its look is under way…
    mayAnswer = false;
    const begun = first.push([pkg('one')]).catch((error: unknown) => (error as GatewayError).code);
    clock.pass(2000);
    // …while the other replica publishes, and a reader of this one has seen that.
    await second.push([pkg('two')]);
    clock.pass(2000);
    expect(await listedBy(clock, first)).toEqual(['one-1.0-r0', 'two-1.0-r0']);
    release();
    mayAnswer = true;
    expect(await begun).toBe('PACKAGE_EXISTS');
    expect(await listedBy(clock, first)).toEqual(['one-1.0-r0', 'two-1.0-r0']);
  });

  it('serves what another replica published within the freshness', async () => {
    const { clock, first, second } = twoReplicas();
    await first.push([pkg('one')]);
    expect(await listedBy(clock, first)).toEqual(['one-1.0-r0']);
    await second.push([pkg('two')]);
    clock.pass(1000);
    expect(await listedBy(clock, first)).toEqual(['one-1.0-r0', 'two-1.0-r0']);
  });

  it('takes one garbled answer for an index that is not there for none', async () => {
    const clock = aClock();
    const images = new Map<string, MemoryImage>();
    const junk = digestOf(Buffer.from('{}'));
    let asked = 0;
    const store = createMemoryStore({
      images,
      lookup: (_image, tag, { tags, manifests }) => {
        manifests.set(junk, { mediaType: imageManifestType, bytes: Buffer.from('{}') });
        // The first question is whether there is one, the second is the look's.
        if (tag === indexTag({ ...at, architecture: 'x86_64' })) asked += 1;
        return tag === indexTag({ ...at, architecture: 'x86_64' }) && asked === 2 ? junk : tags.get(tag);
      },
    });
    await aReplica({ store: createMemoryStore({ images }), clock, keys }).push([{ ...pkg('one'), arch: 'noarch' }]);
    const replica = aReplica({ store, clock, keys });
    for (let i = 0; i < 3; i += 1) {
      expect(await listedBy(clock, replica)).toEqual(['one-1.0-r0']);
      const index = await clock.until(replica.repositories.openIndex(at, 'x86_64', aCaller('reader')));
      expect(index?.isStale).toBe(false);
    }
    expect(asked).toBeGreaterThan(2);
  });

  it.each([
    ['for a moment', 1],
    ['for long', Infinity],
  ])('keeps no reader waiting for a push whose tag is listed and can not be read, %s', async (_how, times) => {
    const clock = aClock();
    const images = new Map<string, MemoryImage>();
    let left = 0;
    const store = createMemoryStore({
      images,
      lookup: (_image, tag, { tags }) => {
        const isHalf = tag.includes('-p-two') && left > 0;
        if (isHalf) left -= 1;
        return isHalf ? undefined : tags.get(tag);
      },
    });
    const [first, second] = [createMemoryStore({ images }), store].map((one) => aReplica({ store: one, clock, keys }));
    await first!.push([pkg('one')]);
    await listedBy(clock, second!);
    left = times;
    await first!.push([pkg('two')]);
    // As before the index that lists it was put.
    images.get(at.image)!.tags.delete(indexTag({ ...at, architecture: 'x86_64' }));
    const began = clock.monotonicMs();
    const index = await clock.until(second!.repositories.openIndex(at, 'x86_64', aCaller('reader')));
    expect(clock.monotonicMs() - began).toBeLessThan(1_000);
    expect(index).toMatchObject({ isStale: false, count: times === 1 ? 2 : 1 });
  });

  it('keeps nobody waiting for more than one comparison of others, who may read by other rights', async () => {
    const clock = aClock();
    const images = new Map<string, MemoryImage>();
    let isSlow = false;
    const before = async ({ operation }: MemoryCall) => {
      if (isSlow && operation === 'tags') await clock.sleep(3_000);
    };
    const [first, second] = [{}, { before }].map((more) =>
      aReplica({ store: createMemoryStore({ images, ...more }), clock, keys }),
    );
    await first!.push([pkg('one')]);
    images.get(at.image)!.tags.delete(indexTag({ ...at, architecture: 'x86_64' }));
    isSlow = true;
    const began = clock.monotonicMs();
    const open = async (_one: unknown, i: number) => {
      const index = await second!.repositories.openIndex(at, 'x86_64', aCaller(`reader-${i}`));
      return [index?.count, clock.monotonicMs() - began <= 6_000];
    };
    const answers = await clock.until(Promise.all(Array.from({ length: 8 }, open)));
    expect(answers).toEqual(Array.from({ length: 8 }, () => [1, true]));
  });

  it('asks the registry once for all readers who share rights', async () => {
    const { clock, calls, first } = twoReplicas();
    await first.push([pkg('one')]);
    await listedBy(clock, first);
    clock.pass(2000);
    calls.splice(0);
    await Promise.all(Array.from({ length: 20 }, () => listedBy(clock, first)));
    expect(calls.map(({ operation }) => operation)).toEqual(['resolve']);
  });

  it('asks behind a reader for what is about to be too old, so that the next one does not wait', async () => {
    const { clock, calls, first, second } = twoReplicas();
    const peeked = () => first.repositories.peekIndex(at, 'x86_64', aCaller('reader'))?.etag;
    await first.push([pkg('one')]);
    await listedBy(clock, first);
    const before = peeked();
    clock.pass(800);
    await second.push([pkg('two')]);
    calls.splice(0);
    expect(peeked()).toBe(before);
    await vi.waitFor(() => {
      expect(peeked()).not.toBe(before);
    });
    // Asked at 800 ms, it is good until 1,800.
    expect(calls.filter(({ operation }) => operation === 'resolve').length).toBeGreaterThan(0);
    clock.pass(700);
    expect(peeked()).toBeDefined();
    expect(await listedBy(clock, first)).toEqual(['one-1.0-r0', 'two-1.0-r0']);
  });

  it('holds it for fresh longer when little may be asked of the registry any more', async () => {
    let share = 0;
    const images = new Map<string, MemoryImage>();
    const calls: MemoryCall[] = [];
    const after = (call: MemoryCall) => Promise.resolve(void calls.push(call));
    const store = { ...createMemoryStore({ images, after }), spent: () => share };
    const clock = aClock();
    const replica = aReplica({ store, clock, keys }, { freshnessMs: 1000 });
    await replica.push([pkg('one')]);
    await listedBy(clock, replica);
    const askedAfter = async (ms: number) => {
      clock.pass(ms);
      calls.splice(0);
      await listedBy(clock, replica);
      return calls.length;
    };
    share = 0.5;
    expect(await askedAfter(2000)).toBe(1);
    share = 1;
    expect(await askedAfter(40_000)).toBe(0);
    expect(await askedAfter(50_000)).toBe(1);
  });

  it('has nobody wait for ever while an index is made from its packages', async () => {
    let isAnswering = true;
    const { clock, first, second } = twoReplicas(({ operation }) =>
      isAnswering || operation !== 'tags' ? Promise.resolve() : new Promise<never>(() => undefined),
    );
    await second.push([pkg('one')]);
    isAnswering = false;
    await expect(listedBy(clock, first)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      details: { retryAfterSeconds: 10 },
    });
  });

  it('asks with the credentials of each reader whether they may read', async () => {
    const { clock, first } = twoReplicas(({ credentials }) =>
      credentials.kind === 'basic' && credentials.username === 'stranger'
        ? Promise.reject(new GatewayError('FORBIDDEN', 'may not read'))
        : Promise.resolve(),
    );
    await first.push([pkg('one')]);
    await listedBy(clock, first);
    await expect(listedBy(clock, first, 'x86_64', aCaller('stranger'))).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('serves the last good index, marked, while the registry is away, to those who were let in before', async () => {
    let isAway = false;
    const { clock, first } = twoReplicas(() =>
      isAway ? Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'away')) : Promise.resolve(),
    );
    await first.push([pkg('one')]);
    await listedBy(clock, first);
    isAway = true;
    clock.pass(2000);
    const index = await clock.until(first.repositories.openIndex(at, 'x86_64', aCaller('reader')));
    expect([index?.isStale, index?.count]).toEqual([true, 1]);
    await expect(listedBy(clock, first, 'x86_64', aCaller('newcomer'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });

  it('marks an old index for as long as a newer one can not be compared', async () => {
    let isBroken = false;
    const world = twoReplicas(async ({ operation }) => {
      if (!isBroken || operation !== 'tags') return;
      await world.clock.sleep(5000);
      throw new GatewayError('STORE_UNAVAILABLE', 'no listing');
    });
    const { clock, first, second } = world;
    await first.push([pkg('one')]);
    await listedBy(clock, first);
    await second.push([pkg('two')]);
    isBroken = true;
    clock.pass(2000);
    const began = clock.now();
    const marks: (boolean | undefined)[] = [];
    while (clock.now() - began < 60_000) {
      marks.push((await clock.until(first.repositories.openIndex(at, 'x86_64', aCaller('reader'))))?.isStale);
      clock.pass(500);
    }
    expect(new Set(marks)).toEqual(new Set([true]));
  });

  it('is not held up, nor are rights, by a clock that is set back', async () => {
    const { clock, first, second } = twoReplicas();
    await first.push([pkg('one')]);
    await listedBy(clock, first);
    clock.step(-20 * minuteMs);
    await first.push([pkg('two')]);
    expect(await listedBy(clock, first)).toEqual(['one-1.0-r0', 'two-1.0-r0']);
    await second.push([pkg('three')]);
    clock.pass(1000);
    expect(await listedBy(clock, first)).toHaveLength(3);
  });

  describe('without a freshness', () => {
    const strict = (after?: Parameters<typeof twoReplicas>[0]) => twoReplicas(after, 0);

    it('shows what any replica acknowledged or deleted before the reader came', async () => {
      const { clock, first, second } = strict();
      await second.push([pkg('one')]);
      for (let i = 0; i < 5; i += 1) {
        await second.push([pkg(`p${i}`)]);
        expect(await listedBy(clock, first)).toContain(`p${i}-1.0-r0`);
        const file = { architecture: 'x86_64', fileName: `p${i}-1.0-r0.apk` };
        await clock.until(second.repositories.withdraw(at, file, aCaller('ci'), { isNow: true }));
        expect(await listedBy(clock, first)).toEqual(['one-1.0-r0']);
        const find = first.repositories.findPackage(at, 'x86_64', file.fileName, aCaller('reader'));
        expect(await clock.until(find)).toBeUndefined();
      }
      const index = await clock.until(first.repositories.openIndex(at, 'x86_64', aCaller('reader')));
      expect(index?.lagSeconds).toBe(0);
    });

    it('takes no answer that was asked for before the reader came', async () => {
      let held: Promise<void> | undefined;
      const { clock, first, second } = strict(({ operation }) =>
        operation === 'resolve' ? (held ?? Promise.resolve()) : Promise.resolve(),
      );
      await second.push([pkg('one')]);
      await listedBy(clock, first);
      let release: () => void = () => undefined;
      held = new Promise<void>((resolve) => (release = resolve));
      const early = first.repositories.openIndex(at, 'x86_64', aCaller('reader'));
      // Its question has been answered with the old version, and is on its way back.
      await clock.until(Promise.resolve());
      held = undefined;
      await second.push([pkg('two')]);
      const late = Promise.all(Array.from({ length: 5 }, () => listedBy(clock, first)));
      release();
      expect((await clock.until(early))?.count).toBe(1);
      for (const listed of await late) expect(listed).toHaveLength(2);
    });

    it('asks once for all who come while the question before is under way', async () => {
      const { clock, calls, first } = strict();
      await first.push([pkg('one')]);
      await listedBy(clock, first);
      calls.splice(0);
      await Promise.all(Array.from({ length: 200 }, () => listedBy(clock, first)));
      expect(calls.filter(({ operation }) => operation === 'resolve').length).toBeLessThanOrEqual(2);
      calls.splice(0);
      await listedBy(clock, first);
      expect(calls.map(({ operation }) => operation)).toEqual(['resolve']);
    });

    it('compares again behind the reader, who waits for one question', async () => {
      const { clock, calls, first } = strict();
      await first.push([pkg('one')]);
      await listedBy(clock, first);
      for (let i = 0; i < 16; i += 1) {
        clock.pass(10_000);
        calls.splice(0);
        await first.repositories.openIndex(at, 'x86_64', aCaller('reader'));
        expect(calls.filter(({ operation }) => operation === 'tags')).toEqual([]);
        await clock.until(Promise.resolve());
      }
    });
  });

  it('shows a delete at once that puts no index, though comparing takes long', async () => {
    let isSlow = false;
    const clock = aClock();
    const images = new Map<string, MemoryImage>();
    const before = ({ operation }: MemoryCall) =>
      isSlow && operation === 'tags' ? clock.sleep(400) : Promise.resolve();
    const first = aReplica({ store: createMemoryStore({ images, before }), clock, keys }, { freshnessMs: 0 });
    const second = aReplica({ store: createMemoryStore({ images }), clock, keys });
    await second.push([pkg('one')]);
    const index = indexTag({ ...at, architecture: 'x86_64' });
    const { tags } = images.get(at.image)!;
    const put = tags.get(index)!;
    await second.push([pkg('two')]);
    // As if its pusher had died before it put the index.
    tags.set(index, put);
    isSlow = true;
    expect(await listedBy(clock, first)).toEqual(['one-1.0-r0', 'two-1.0-r0']);
    const file = { architecture: 'x86_64', fileName: 'two-1.0-r0.apk' };
    await clock.until(second.repositories.withdraw(at, file, aCaller('ci')));
    tags.set(index, put);
    expect(await listedBy(clock, first)).toEqual(['one-1.0-r0']);
  });

  it('shows at once what another acknowledged, though comparing a lost index of few packages took long', async () => {
    let isSlow = true;
    const clock = aClock();
    const images = new Map<string, MemoryImage>();
    const before = ({ operation }: MemoryCall) =>
      isSlow && operation === 'tags' ? clock.sleep(3_000) : Promise.resolve();
    const first = aReplica({ store: createMemoryStore({ images, before }), clock, keys }, { freshnessMs: 0 });
    const second = aReplica({ store: createMemoryStore({ images }), clock, keys });
    await second.push([pkg('one')]);
    const { tags } = images.get(at.image)!;
    const index = indexTag({ ...at, architecture: 'x86_64' });
    tags.delete(index);
    expect(await listedBy(clock, first)).toEqual(['one-1.0-r0']);
    isSlow = false;
    await second.push([pkg('two')]);
    tags.delete(index);
    expect(await listedBy(clock, first)).toEqual(['one-1.0-r0', 'two-1.0-r0']);
  });

  it("waits some seconds for somebody else's comparison, whose connection may hang, then makes its own", async () => {
    const clock = aClock();
    const images = new Map<string, MemoryImage>();
    const isHung = ({ operation, credentials }: MemoryCall) =>
      operation === 'tags' && credentials.kind === 'basic' && credentials.username === 'hung';
    const never = new Promise<never>(() => undefined);
    const before = (call: MemoryCall) => (isHung(call) ? never : Promise.resolve());
    await aReplica({ store: createMemoryStore({ images }), clock, keys }).push([pkg('one')]);
    const replica = aReplica({ store: createMemoryStore({ images, before }), clock, keys });
    listedBy(clock, replica, 'x86_64', aCaller('hung')).catch(() => undefined);
    await clock.until(clock.sleep(1_000));
    const came = clock.monotonicMs();
    const others = ['a', 'b', 'c'].map((user) => replica.repositories.openIndex(at, 'x86_64', aCaller(user)));
    for (const index of await clock.until(Promise.all(others))) expect(index?.count).toBe(1);
    expect(clock.monotonicMs() - came).toBeLessThan(15_000);
  });

  it('reads each package of a lost index once, however long that takes and whoever comes meanwhile', async () => {
    const clock = aClock();
    const { names, read, replica } = await aLostIndex(clock, { packages: 200, readMs: 1_500 });
    const come = async (user: string, afterMs: number) => {
      await clock.sleep(afterMs);
      return await replica.repositories.openIndex(at, 'x86_64', aCaller(user));
    };
    const readers = Promise.all(['a', 'b', 'c'].map((user, i) => come(user, 8_000 * i)));
    for (const index of await clock.until(readers)) expect(index?.count).toBe(names.length);
    expect(read.length).toBe(names.length);
  });

  it('looks once more for all who waited for a lost index, not once for each', async () => {
    const clock = aClock();
    const { names, listings, replica } = await aLostIndex(clock, { packages: 1_000, readMs: 1_200, listMs: 300 });
    const open = () => replica.repositories.openIndex(at, 'x86_64', aCaller('reader'));
    const come = async (afterMs: number) => {
      await clock.sleep(afterMs);
      // Who waits for too long is told to come again; their comparison goes on.
      await open().catch(() => undefined);
    };
    await clock.until(Promise.all([0, 20_000, 40_000, 60_000].map(come)));
    await clock.until(clock.sleep(30_000));
    expect(listings()).toBe(2);
    expect((await clock.until(open()))?.count).toBe(names.length);
  });

  it('reads each package once for a reader and a pusher who find the index lost', async () => {
    const clock = aClock();
    const { names, read, replica } = await aLostIndex(clock, { packages: 100, readMs: 500 });
    const reader = replica.repositories.openIndex(at, 'x86_64', aCaller('reader'));
    await clock.until(clock.sleep(700));
    await replica.push([pkg('other')]);
    expect((await clock.until(reader))?.count).toBeGreaterThanOrEqual(names.length);
    // But for what the other was reading when nothing else was left.
    expect(read.length - new Set(read).size).toBeLessThanOrEqual(16);
  });

  it('says for how long what others acknowledged may be missing', async () => {
    let share = 0;
    const store = { ...createMemoryStore(), spent: () => share };
    const clock = aClock();
    const lagOf = async (freshnessMs: number) => {
      const replica = aReplica({ store, clock, keys }, { freshnessMs });
      return (await clock.until(replica.repositories.openIndex(at, 'x86_64', aCaller('reader'))))?.lagSeconds;
    };
    await aReplica({ store, clock, keys }).push([pkg('one')]);
    expect([await lagOf(0), await lagOf(500), await lagOf(5000)]).toEqual([0, 1, 5]);
    share = 1;
    expect([await lagOf(0), await lagOf(1000), await lagOf(5000)]).toEqual([59, 60, 300]);
  });

  it('says another Last-Modified for each content, however soon one follows the other and whosever clock is behind', async () => {
    const { clock, first, second } = twoReplicas();
    const seen = new Set<number | undefined>();
    for (const [i, replica] of [first, second, first, second].entries()) {
      await replica.push([pkg(`p${i}`)]);
      clock.step(i % 2 === 0 ? -90_000 : 90_000);
      clock.pass(1000);
      for (const reader of [first, second]) {
        const index = await clock.until(reader.repositories.openIndex(at, 'x86_64', aCaller('reader')));
        seen.add(index?.lastModified?.getTime());
      }
    }
    expect(seen.has(undefined)).toBe(false);
    expect(seen.size).toBe(4);
  });

  it('made of its packages because it is lost is made anew the less often, the longer that takes', async () => {
    const clock = aClock();
    const images = new Map<string, MemoryImage>();
    let listings = 0;
    let tookMs = 0;
    const after = ({ operation }: MemoryCall) => {
      if (operation === 'tags') {
        listings += 1;
        clock.pass(tookMs);
      }
      return Promise.resolve();
    };
    const reading = aReplica({ store: createMemoryStore({ images, after }), clock, keys }, { freshnessMs: 1000 });
    await aReplica({ store: createMemoryStore({ images }), clock, keys }).push([pkg('one')]);
    const { tags } = images.get(at.image)!;
    for (const tag of tags.keys()) if (tag.startsWith('index-')) tags.delete(tag);
    // Somebody else's: to list them is work.
    for (let i = 0; i < 1_000; i += 1) tags.set(`other-${i}`, digestOf(new Uint8Array()));
    const listingsAfter = async (ms: number) => {
      clock.pass(ms);
      listings = 0;
      expect(await listedBy(clock, reading)).toEqual(['one-1.0-r0']);
      await clock.until(Promise.resolve());
      return listings;
    };
    await listingsAfter(0);
    expect(await listingsAfter(1000)).toBe(1);
    tookMs = 1500;
    expect(await listingsAfter(1000)).toBe(1);
    expect([await listingsAfter(1100), await listingsAfter(1100)]).toEqual([0, 0]);
    expect(await listingsAfter(5000)).toBe(1);
  });

  describe('a package that an index listed a moment ago', () => {
    /** A reader who has an index that lists `one`, before a registry where a late put brought back one that doesn't. */
    async function anOlderIndexComesBack() {
      const clock = aClock();
      const images = new Map<string, MemoryImage>();
      const hidden = new Set<string>();
      const store = () =>
        createMemoryStore({
          images,
          listing: (_image, { tags }) => [...tags.keys()].filter((tag) => !hidden.has(tag)),
        });
      const [first, second] = [store(), store()].map((one) => aReplica({ store: one, clock, keys }));
      await second!.push([pkg('two')]);
      const { tags } = images.get(at.image)!;
      const indexTag = [...tags.keys()].find((tag) => tag.startsWith('index-'))!;
      const older = tags.get(indexTag)!;
      await second!.push([pkg('one')]);
      expect(await listedBy(clock, first!)).toEqual(['one-1.0-r0', 'two-1.0-r0']);
      for (const tag of tags.keys()) if (tag.includes('-p-one')) hidden.add(tag);
      tags.set(indexTag, older);
      clock.pass(2000);
      expect(await listedBy(clock, first!)).toEqual(['two-1.0-r0']);
      const find = () => clock.until(first!.repositories.findPackage(at, 'x86_64', 'one-1.0-r0.apk', aCaller('ci')));
      return { clock, second: second!, find };
    }

    it('is still given out as long as it lives', async () => {
      const { clock, find } = await anOlderIndexComesBack();
      expect((await find())?.fileName).toBe('one-1.0-r0.apk');
      clock.pass(minuteMs);
      expect(await find()).toBeUndefined();
    });

    it('is not, once it was deleted', async () => {
      const { clock, second, find } = await anOlderIndexComesBack();
      const file = { architecture: 'x86_64', fileName: 'one-1.0-r0.apk' };
      await clock.until(second.repositories.withdraw(at, file, aCaller('ci')));
      expect(await find()).toBeUndefined();
    });
  });
});

/** A replica before a registry that has lost an index, and takes so long for each package; what is read of them. */
async function aLostIndex(
  clock: ReturnType<typeof aClock>,
  { packages, readMs, listMs = 0 }: { readonly packages: number; readonly readMs: number; readonly listMs?: number },
) {
  const images = new Map<string, MemoryImage>();
  const read: string[] = [];
  let listings = 0;
  const before = async ({ operation, reference = '' }: MemoryCall) => {
    if (operation === 'tags') {
      listings += 1;
      await clock.sleep(listMs);
    }
    if (operation !== 'fetchManifest' || peekKind(reference) !== 'package') return;
    read.push(reference);
    await clock.sleep(readMs);
  };
  const names = Array.from({ length: packages }, (_, i) => `one-${i}`);
  await aReplica({ store: createMemoryStore({ images }), clock, keys }).push(names.map(pkg));
  const { tags } = images.get(at.image)!;
  for (const tag of tags.keys()) if (tag.startsWith('index-')) tags.delete(tag);
  const replica = aReplica({ store: createMemoryStore({ images, before }), clock, keys });
  return { names, read, listings: () => listings, replica };
}
