import { describe, expect, it, vi } from 'vitest';
import {
  aCaller,
  aClock,
  aReplica,
  aSigningKey,
  at,
  fixedKeys,
  someRandom,
  type TestReplica,
} from '../../../support/a-repository.ts';
import { createMemoryStore, type MemoryCall, type MemoryImage } from '../../../support/memory-store.ts';

const ci = aCaller('ci');
const hourMs = 3_600_000;

/** Two replicas before one registry; the requests of the first that `isHeld` names wait until they are let go. */
function aWorld(
  isHeld: (call: MemoryCall) => boolean,
  options: { readonly deletes?: 'tag' | 'digest' | 'unsupported' } = {},
) {
  const clock = aClock();
  const images = new Map<string, MemoryImage>();
  let held = 0;
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const before = async (call: MemoryCall) => {
    if (!isHeld(call)) return;
    held += 1;
    await gate;
  };
  const given = { publishTimeoutMs: hourMs };
  const keys = fixedKeys(aSigningKey());
  const first = aReplica({ store: createMemoryStore({ images, before, ...options }), clock, keys }, given);
  const random = someRandom('second');
  const second = aReplica({ store: createMemoryStore({ images, ...options }), clock, keys, random }, given);
  const create = ({ repositories }: TestReplica) => repositories.createSnapshot(at, 'first', ci);
  const read = async ({ repositories }: TestReplica) =>
    (await clock.until(repositories.openIndex({ ...at, branch: `${at.branch}@first` }, 'x86_64', aCaller('reader'))))
      ?.count;
  const open = () => {
    letGo();
  };
  const isHolding = () =>
    vi.waitFor(() => {
      expect(held).toBeGreaterThan(0);
    });
  return { clock, first, second, create, read, isHolding, letGo: open };
}

const isPutOf = (kind: string) => (call: MemoryCall) =>
  call.operation === 'pushManifest' && call.reference?.startsWith(`snapshot-${kind}-`) === true;
const hello = { name: 'hello', version: '1.0-r0' };
const other = { name: 'other', version: '1.0-r0' };

describe('the name of a snapshot whose maker died half-way', () => {
  it('is free for others after a minute', async () => {
    const { clock, first, second, create, read, isHolding } = aWorld(isPutOf('record'));
    await first.push([hello]);
    create(first).catch(() => undefined);
    await isHolding();
    await expect(clock.until(create(second))).rejects.toMatchObject({ code: 'SNAPSHOT_EXISTS' });
    clock.pass(61_000);
    await clock.until(create(second));
    expect(await read(second)).toBe(1);
  });
});

describe('the maker of a snapshot whom others took for dead', () => {
  it.each(['tag', 'unsupported'] as const)('gives way to them, where tags are removed by %s', async (deletes) => {
    const { clock, first, second, create, read, isHolding, letGo } = aWorld(isPutOf('record'), { deletes });
    await first.push([hello]);
    const slow = create(first);
    const refused = expect(slow).rejects.toMatchObject({ code: 'PUBLISH_TIMEOUT' });
    await isHolding();
    clock.pass(61_000);
    await second.push([other]);
    await clock.until(create(second));
    letGo();
    await clock.until(refused);
    expect([await read(first), await read(second)]).toEqual([2, 2]);
  });

  it('keeps the name where their record was there first', async () => {
    const isAnswered = (call: MemoryCall) =>
      call.operation === 'resolve' && call.reference?.includes('-doubt-') === true;
    const { clock, first, second, create, read, isHolding, letGo } = aWorld(isAnswered);
    await first.push([hello]);
    const slow = create(first);
    await isHolding();
    clock.pass(61_000);
    await second.push([other]);
    await expect(clock.until(create(second))).rejects.toMatchObject({ code: 'SNAPSHOT_EXISTS' });
    letGo();
    await clock.until(slow);
    expect([await read(first), await read(second)]).toEqual([1, 1]);
  });
});
