import { expect, it } from 'vitest';
import { createInTurn } from '../../../src/concurrency/in-turn.ts';

it('works of one key run one after another, those of another beside them, and a fault holds up nobody', async () => {
  const inTurn = createInTurn();
  const said: string[] = [];
  const work = (name: string, fault?: Error) => async () => {
    said.push(`${name} begins`);
    await Promise.resolve();
    said.push(`${name} ends`);
    if (fault !== undefined) throw fault;
    return name;
  };
  const results = await Promise.allSettled([
    inTurn('key', work('a', new Error('broken'))),
    inTurn('key', work('b')),
    inTurn('other', work('c')),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  const ofKey = said.filter((line) => !line.startsWith('c'));
  expect(ofKey).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  expect(said.indexOf('c begins')).toBeLessThan(said.indexOf('b begins'));
});
