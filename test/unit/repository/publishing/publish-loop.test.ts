import { describe, expect, it } from 'vitest';
import { GatewayError, type ErrorCode } from '../../../../src/errors.ts';
import type { Look } from '../../../../src/repository/live/look.ts';
import type { Participant } from '../../../../src/repository/publishing/participant.ts';
import { createPublishLoop, type PublishLoopDeps } from '../../../../src/repository/publishing/publish-loop.ts';
import { createAnswerTime } from '../../../../src/repository/publishing/answer-time.ts';
import type { ImageStore } from '../../../../src/store/store.ts';
import { aClock, at, someRandom } from '../../../support/a-repository.ts';
import { aLog } from '../../../support/signing-keys.ts';

const fault = (code: ErrorCode) => new GatewayError(code, code);

/** A look that shows one architecture whose index doesn't cover the set. */
function aLook(isCovered = false): Look {
  return { architectures: ['x86_64'], isCovered: () => isCovered } as unknown as Look;
}

function aParticipant(
  name: string,
  settle: () => Promise<'done' | 'publish'>,
): Participant & { readonly abandoned: () => number } {
  let count = 0;
  return {
    image: { image: name } as ImageStore,
    scope: ['x86_64'],
    settle,
    abandon() {
      count += 1;
      return Promise.resolve();
    },
    abandoned: () => count,
  };
}

/** Done at the n-th look. */
const doneAt = (looks: number) => () => {
  looks -= 1;
  return Promise.resolve(looks <= 0 ? ('done' as const) : ('publish' as const));
};

function aLoop(deps: Partial<PublishLoopDeps>) {
  const clock = aClock();
  const asked: string[] = [];
  const loop = createPublishLoop(
    {
      clock,
      random: someRandom(),
      log: aLog(),
      look: ({ image }) => {
        asked.push(image.image);
        return Promise.resolve(aLook());
      },
      put: () => Promise.resolve(),
      clear: () => Promise.resolve(),
      open: () => undefined,
      tidy: () => Promise.resolve(),
      wantsSignatures: () => false,
      ...deps,
    },
    at,
  );
  const join = (participant: Participant) => {
    const time = createAnswerTime(clock, 30_000, at);
    return time.within(loop.join(participant, time));
  };
  return { loop: { join }, clock, asked };
}

const outcome = (promise: Promise<void>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof GatewayError ? error.code : String(error)),
  );

describe('a publish loop', () => {
  it('goes on with the rights of the next where those of one are refused, and refuses that one when nobody else waits', async () => {
    const { loop, clock } = aLoop({
      look: ({ image }) => (image.image === 'refused' ? Promise.reject(fault('FORBIDDEN')) : Promise.resolve(aLook())),
    });
    const refused = outcome(loop.join(aParticipant('refused', doneAt(9))));
    const willing = outcome(loop.join(aParticipant('willing', doneAt(2))));
    expect(await clock.until(willing)).toBe('done');
    expect(await clock.until(refused)).toBe('FORBIDDEN');
  });

  it('looks at once for whoever comes while it pauses because of others', async () => {
    const { loop, clock } = aLoop({ look: () => Promise.resolve(aLook(true)) });
    void outcome(loop.join(aParticipant('stuck', doneAt(99))));
    await clock.until(clock.sleep(10_000));
    for (let i = 0; i < 5; i += 1) {
      const came = clock.monotonicMs();
      expect(await clock.until(outcome(loop.join(aParticipant('quick', doneAt(1)))))).toBe('done');
      expect(clock.monotonicMs()).toBe(came);
      await clock.until(clock.sleep(100));
    }
  });

  it('lays a refused put on whose rights it was tried with, not on who looked', async () => {
    const puts: string[] = [];
    const { loop, clock } = aLoop({
      put({ image }) {
        puts.push(image.image);
        return image.image === 'reads only' ? Promise.reject(fault('FORBIDDEN')) : Promise.resolve();
      },
    });
    const looks = outcome(loop.join(aParticipant('is answered first', doneAt(1))));
    const readsOnly = outcome(loop.join(aParticipant('reads only', doneAt(4))));
    const writes = outcome(loop.join(aParticipant('writes', doneAt(4))));
    expect(await clock.until(Promise.all([looks, readsOnly, writes]))).toEqual(['done', 'done', 'done']);
    expect(puts.filter((name) => name === 'reads only')).toHaveLength(1);
    expect(puts).toContain('writes');
  });

  it('never uses the rights of somebody who was answered', async () => {
    const { loop, clock, asked } = aLoop({});
    const first = outcome(loop.join(aParticipant('first', doneAt(1))));
    await clock.until(first);
    await clock.until(outcome(loop.join(aParticipant('second', doneAt(3)))));
    expect(asked).toEqual(['first', 'second', 'second', 'second']);
  });

  it('ends the requests of one who waited too long, and goes on for the others', async () => {
    const { loop, clock } = aLoop({
      look: ({ image }, _scope, { signal }) =>
        image.image === 'hangs'
          ? new Promise((_, reject) => {
              signal?.addEventListener('abort', () => {
                reject(fault('ABORTED'));
              });
            })
          : Promise.resolve(aLook()),
    });
    const hanging = outcome(loop.join(aParticipant('hangs', doneAt(1))));
    clock.pass(20_000);
    const other = outcome(loop.join(aParticipant('other', doneAt(1))));
    expect(await clock.until(hanging)).toBe('PUBLISH_TIMEOUT');
    expect(await clock.until(other)).toBe('done');
  });

  it('is held up by one who hangs over a look no longer than that one waits', async () => {
    const { loop, clock } = aLoop({});
    const hanging = outcome(loop.join(aParticipant('hangs', () => new Promise(() => undefined))));
    clock.pass(20_000);
    const other = outcome(loop.join(aParticipant('other', doneAt(1))));
    expect(await clock.until(other)).toBe('done');
    expect(await clock.until(hanging)).toBe('PUBLISH_TIMEOUT');
  });

  it('shows one whose own request failed in passing the next look, and troubles nobody else', async () => {
    let looks = 0;
    const { loop, clock } = aLoop({});
    const unlucky = aParticipant('unlucky', () => {
      looks += 1;
      return looks === 1 ? Promise.reject(fault('STORE_UNAVAILABLE')) : Promise.resolve('done');
    });
    const answers = [outcome(loop.join(unlucky)), outcome(loop.join(aParticipant('other', doneAt(1))))];
    expect(await clock.until(Promise.all(answers))).toEqual(['done', 'done']);
    expect(looks).toBe(2);
  });

  it('tries again where the store is unavailable, until the time is up', async () => {
    let looks = 0;
    const { loop, clock } = aLoop({
      look() {
        looks += 1;
        return Promise.reject(fault('STORE_UNAVAILABLE'));
      },
    });
    expect(await clock.until(outcome(loop.join(aParticipant('one', doneAt(1)))))).toBe('PUBLISH_TIMEOUT');
    expect(looks).toBeGreaterThan(10);
    expect(looks).toBeLessThan(100);
  });

  it('lets everybody take back what they did where index tags are immutable', async () => {
    const { loop, clock } = aLoop({ put: () => Promise.reject(fault('TAG_IMMUTABLE')) });
    const two = [aParticipant('one', doneAt(9)), aParticipant('two', doneAt(9))];
    const answers = two.map((participant) => outcome(loop.join(participant)));
    expect(await clock.until(Promise.all(answers))).toEqual(['TAG_IMMUTABLE', 'TAG_IMMUTABLE']);
    expect(two.map(({ abandoned }) => abandoned())).toEqual([1, 1]);
  });

  it('ends with a fault that nobody foresaw rather than hang or crash', async () => {
    const { loop, clock } = aLoop({ look: () => Promise.reject(new TypeError('a mistake')) });
    expect(await clock.until(outcome(loop.join(aParticipant('one', doneAt(1)))))).toBe('TypeError: a mistake');
    expect(await clock.until(outcome(loop.join(aParticipant('two', doneAt(1)))))).toBe('TypeError: a mistake');
  });
});
