import { describe, expect, it } from 'vitest';
import { isGatewayError } from '../../../src/errors.ts';
import { withGarbage } from './odd-answers.ts';
import { at, caller, stable } from './scenario.ts';
import { createStage, simulated, type Stage } from './stage.ts';
import type { Replica } from './world.ts';

const { a, b } = simulated;
const place = { ...at, branch: `${at.branch}@s0` };

/** Answered with `done`, or the code of its fault. */
async function answered(change: Promise<unknown>): Promise<string> {
  try {
    await change;
    return 'done';
  } catch (error) {
    if (isGatewayError(error)) return error.code;
    throw error;
  }
}

const create = ({ repositories }: Replica) => answered(repositories.createSnapshot(at, 's0', caller));
const drop = ({ repositories }: Replica) => answered(repositories.removeSnapshot(at, 's0', caller));

async function countIn(stage: Stage, { repositories }: Replica): Promise<number | undefined> {
  return (await stage.until(repositories.openIndex(place, 'x86_64', caller)))?.count;
}

describe('a snapshot', () => {
  it.each([
    ['what holds its packages', 2],
    ['its record', 3],
  ])(
    'is not acknowledged where the registry took %s and does not have it, and its name is free then',
    async (_what, put) => {
      const stage = await createStage({ halfDonePuts: { [put]: 'lost' } });
      const [making, reading] = [stage.replica('making'), stage.replica('reading')];
      await stage.push(making, a);
      expect(await stage.until(create(making))).toBe('STORE_UNAVAILABLE');
      expect(await stage.until(create(reading))).toBe('done');
      expect(await countIn(stage, reading)).toBe(1);
    },
  );

  it('keeps its name where the registry lost what says that its maker is taken for dead', async () => {
    const stage = await createStage({ halfDonePuts: { 7: 'lost' }, repositories: { publishTimeoutMs: 300_000 } });
    const { slow, hasty, held, making } = await aSleepingMaker(stage);
    expect(await stage.until(create(hasty))).toBe('STORE_UNAVAILABLE');
    held.release();
    expect(await stage.until(making)).toBe('done');
    expect([await countIn(stage, slow), await countIn(stage, hasty)]).toEqual([1, 1]);
  });

  it('of somebody who slept gives way to whoever took them for dead', async () => {
    const stage = await createStage({ repositories: { publishTimeoutMs: 300_000 } });
    const { slow, hasty, held, making } = await aSleepingMaker(stage);
    expect(await stage.until(create(hasty))).toBe('done');
    held.release();
    expect(await stage.until(making)).toBe('PUBLISH_TIMEOUT');
    expect([await countIn(stage, slow), await countIn(stage, hasty)]).toEqual([2, 2]);
  });

  it('can be read though the index that it was made of was replaced and collected meanwhile', async () => {
    const stage = await createStage();
    const [making, pushing] = [stage.replica('making'), stage.replica('pushing')];
    await stage.push(making, a);
    const held = stage.hold(/^making pushManifest snapshot-part/);
    const made = create(making);
    await stage.untilReached(held);
    await stage.push(pushing, b);
    stage.world.troubles.collect();
    held.release();
    expect(await stage.until(made)).toBe('done');
    expect(await countIn(stage, pushing)).toBe(1);
  });

  describe('where listings lag', () => {
    const lagging = () => createStage({ lag: { image: at.image, listing: 60, lookup: 0 } });

    it('can be read, taken from and gone back to by whoever asks another replica once it is acknowledged', async () => {
      const stage = await lagging();
      const [making, reading, other] = ['making', 'reading', 'other'].map((id) => stage.replica(id));
      await stage.push(making!, a);
      expect(await stage.until(create(making!))).toBe('done');
      expect(await countIn(stage, reading!)).toBe(1);
      const { repositories } = other!;
      const dryRun = { isDryRun: true };
      expect(await stage.until(repositories.rollback(at, 's0', caller, dryRun))).toMatchObject({ packages: [] });
      const wanted = { from: place, to: stable, packages: ['a'] };
      const promoted = await stage.until(repositories.promote(wanted, caller, dryRun));
      expect(promoted.packages).toMatchObject([{ name: 'a', outcome: 'promoted' }]);
    });

    it('is removed by whoever asks another replica, and its name is free once listings tell', async () => {
      const stage = await lagging();
      const [making, removing, reading] = ['making', 'removing', 'reading'].map((id) => stage.replica(id));
      await stage.push(making!, a);
      expect(await stage.until(create(making!))).toBe('done');
      expect(await stage.until(create(removing!))).toBe('SNAPSHOT_EXISTS');
      await stage.until(removing!.repositories.removeSnapshot(at, 's0', caller));
      await expect(countIn(stage, reading!)).rejects.toMatchObject({ code: 'SNAPSHOT_UNKNOWN' });
      await stage.push(making!, b);
      stage.world.calm();
      expect(await stage.until(create(removing!))).toBe('done');
      expect(await countIn(stage, reading!)).toBe(2);
    });
  });

  it.each([
    [
      'taken from',
      'STORE_UNAVAILABLE',
      (one: Replica) => one.repositories.promote({ from: place, to: stable, packages: ['a'] }, caller),
    ],
    ['gone back to', 'STORE_UNAVAILABLE', (one: Replica) => one.repositories.rollback(at, 's0', caller)],
  ] as const)(
    'whose packages can not be read now is %s by nobody, and keeps nobody waiting',
    async (_how, answer, change) => {
      const stage = await createStage();
      const [taking, other] = [stage.replica('taking'), stage.replica('other')];
      await stage.push(taking, a);
      expect(await stage.until(create(taking))).toBe('done');
      expect(await stage.withdraw(other, a)).toBe('done');
      const held = stage.hold(/^taking openBlob/);
      const taken = answered(change(taking));
      await stage.untilReached(held);
      expect(await stage.push(taking, b)).toBe('done');
      stage.world.troubles.begin('fault', 1_000);
      held.release();
      expect(await stage.until(taken)).toBe(answer);
      stage.world.pass(1_000);
      expect(await stage.read()).toEqual(['b one']);
    },
  );

  it('is removed only where the registry has what says so in its place', async () => {
    const stage = await createStage({ deletes: 'unsupported', halfDonePuts: { 5: 'lost' } });
    const [making, reading] = [stage.replica('making'), stage.replica('reading')];
    await stage.push(making, a);
    expect(await stage.until(create(making))).toBe('done');
    expect(await stage.until(drop(making))).toBe('STORE_UNAVAILABLE');
    expect(await countIn(stage, reading)).toBe(1);
    expect(await stage.until(drop(making))).toBe('done');
    await expect(countIn(stage, reading)).rejects.toMatchObject({ code: 'SNAPSHOT_UNKNOWN' });
  });

  it('is there for whoever is given one odd answer for its record', async () => {
    const stage = await createStage({
      sabotage: (store, { id }) => (id === 'reading' ? withGarbage(store, /^snapshot-record-/u, 1) : store),
    });
    const [making, reading] = [stage.replica('making'), stage.replica('reading')];
    await stage.push(making, a);
    expect(await stage.until(create(making))).toBe('done');
    expect(await countIn(stage, reading)).toBe(1);
  });
});

/** Somebody who sleeps for more than a minute before their snapshot's record, and somebody who may take them for dead. */
async function aSleepingMaker(stage: Stage) {
  const [slow, hasty] = [stage.replica('slow'), stage.replica('hasty')];
  await stage.push(slow, a);
  const held = stage.hold(/^slow pushManifest snapshot-record/);
  const making = create(slow);
  await stage.untilReached(held);
  stage.world.pass(61_000);
  await stage.push(hasty, b);
  return { slow, hasty, held, making };
}
