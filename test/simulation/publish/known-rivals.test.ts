import { describe, expect, it } from 'vitest';
import { at } from './scenario.ts';
import { createStage, simulated, type Answer, type Stage } from './stage.ts';
import { simulationKey, type Replica } from './world.ts';

const { a, shared } = simulated;
const hourMs = 3_600_000;

/** Pushes of one name by each replica, in which nobody sees the others' tags before putting their own. */
async function pushTogether(stage: Stage, replicas: readonly Replica[]) {
  const putting = replicas.map(({ id }) => stage.hold(new RegExp(`^${id} pushManifest .*-p-`)));
  const answers = new Map<Replica | undefined, Promise<Answer>>();
  for (const replica of replicas) answers.set(replica, stage.beginPush(replica, a, replica.id));
  for (const hold of putting) await stage.untilReached(hold);
  for (const hold of putting) hold.release();
  return answers;
}

describe('two pushes of one name', () => {
  it('a push whose withdrawal failed is not acknowledged after all: its tombstone may land at any time', async () => {
    let loser: Replica | undefined;
    const stage = await createStage({
      isLatePut: (replica, tag) => tag.includes('-d-') && loser === undefined && (loser = replica) === replica,
    });
    const replicas = [stage.replica('one'), stage.replica('two')];
    const landing = stage.hold(/^late put/);
    const answers = await pushTogether(stage, replicas);
    await stage.untilReached(landing);
    // The one whose tombstone didn't get through looks again only after the other has withdrawn too.
    const looking = stage.hold(new RegExp(`^${loser?.id ?? ''} tags`));
    const other = replicas.find((replica) => replica !== loser);
    expect(await stage.until(answers.get(other)!)).toBe('PACKAGE_EXISTS');
    looking.release();
    expect(await stage.until(answers.get(loser)!)).toBe('PACKAGE_EXISTS');
    landing.release();
    await stage.world.runUntil(() => stage.world.settled());
    expect(await stage.read()).toEqual([]);
  });

  it.each([a, shared])(
    'one about to withdraw: a replica with other keys shows the acknowledged one of $name, by what the index claims',
    async (file) => {
      const stage = await createStage();
      const [early, late] = [stage.replica('early'), stage.world.replica('late', { clockOffsetMs: 2 * hourMs })];
      const foreign = stage.world.replica('foreign', { keys: [simulationKey('foreign.rsa.pub')] });
      const put = stage.hold(/^early pushManifest .*-p-/);
      const losing = stage.beginPush(early, file, 'two');
      await stage.untilReached(put);
      expect(await stage.push(late, file)).toBe('done');
      const looking = stage.hold(/^early tags/);
      put.release();
      await stage.untilReached(looking);
      expect(await stage.read(foreign)).toEqual([`${file.name} one`]);
      looking.release();
      expect(await stage.until(losing)).toBe('PACKAGE_EXISTS');
      expect(await stage.read(foreign)).toEqual([`${file.name} one`]);
    },
  );

  it('both wait until listings show their tags: not both are acknowledged', async () => {
    const stage = await createStage({ lag: { image: at.image, listing: 30, lookup: 0 } });
    const answers = await pushTogether(stage, [stage.replica('one'), stage.replica('two')]);
    expect((await stage.until(Promise.all(answers.values()))).sort()).toEqual(['PACKAGE_EXISTS', 'done']);
  });

  it('both acknowledged where listings lag for longer: every replica serves the same one in the end', async () => {
    const options = { repositories: { listingPatienceMs: 0 } };
    const stage = await createStage({ lag: { image: at.image, listing: 400, lookup: 50 }, ...options });
    const replicas = [stage.replica('one'), stage.replica('two')];
    const answers = await pushTogether(stage, replicas);
    expect(await stage.until(Promise.all(answers.values()))).toEqual(['done', 'done']);
    expect([await stage.read(replicas[0]), await stage.read(replicas[1])]).toEqual([['a one'], ['a two']]);
    stage.world.calm();
    stage.world.pass(hourMs);
    const [one, two, newcomer] = [await stage.read(replicas[0]), await stage.read(replicas[1]), await stage.read()];
    expect([one, two]).toEqual([newcomer, newcomer]);
  });
});
