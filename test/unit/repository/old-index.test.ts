import { expect, it } from 'vitest';
import { createMemoryStore } from '../../support/memory-store.ts';
import { aClock, aReplica, at, listedBy } from '../../support/a-repository.ts';

it('an old signed index that somebody puts back is mended for readers, and an alarm', async () => {
  const store = createMemoryStore();
  const clock = aClock();
  const replica = aReplica({ store, clock });
  const { tags } = store.state(at.image);
  const indexTag = () => [...tags.keys()].find((tag) => tag.startsWith('index-'))!;
  await replica.push([{ name: 'one', version: '1.0-r0' }]);
  const old = tags.get(indexTag())!;
  clock.pass(7_200_000);
  await replica.push([{ name: 'two', version: '1.0-r0' }]);
  expect(await listedBy(clock, replica)).toEqual(['one-1.0-r0', 'two-1.0-r0']);
  const alarms = () => replica.log.lines.filter(({ message }) => message.startsWith('ALARM'));
  expect(alarms()).toEqual([]);

  tags.set(indexTag(), old);
  clock.pass(2000);
  expect(await listedBy(clock, replica)).toEqual(['one-1.0-r0', 'two-1.0-r0']);
  expect(alarms()).toEqual([expect.objectContaining({ level: 'error' })]);
});
