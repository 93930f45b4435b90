import { setImmediate as settled } from 'node:timers/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createCalls, type Message } from '../../../src/cli/lkard/workers/calls.ts';

it('a process that says nothing is waited for as long as was said, and what it says later is nobody’s', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const sent: Message[] = [];
  let hear: (message: Message) => void = () => undefined;
  const channel = {
    send: (message: Message) => void sent.push(message),
    onMessage: (listener: typeof hear) => void (hear = listener),
  };
  const calls = createCalls(channel, {});
  const answer = ({ id, name }: Message) => {
    hear({ lkard: 'result', id, name, value: name });
  };
  const outcomes: unknown[] = [];
  const ask = (name: string) =>
    void calls.call(name, undefined, { withinMs: 2000 }).then(
      (value) => outcomes.push(value),
      (error: unknown) => outcomes.push(String(error)),
    );
  ask('slow');
  ask('quick');
  answer(sent[1]!);
  vi.advanceTimersByTime(2000);
  await settled();
  expect(outcomes).toEqual(['quick', expect.stringContaining("doesn't answer slow")]);
  answer(sent[0]!);
  ask('cut off');
  calls.close();
  await settled();
  expect(outcomes.slice(2)).toEqual([expect.stringContaining('gone')]);
  expect(vi.getTimerCount()).toBe(0);
});
