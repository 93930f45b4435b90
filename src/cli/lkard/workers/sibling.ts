import { once } from 'node:events';
import { isGatewayError } from '../../../errors.ts';
import type { Gateway, Siblings } from '../../../gateway/gateway.ts';
import { createCalls, type Channel } from './calls.ts';
import type { Ready } from './pool.ts';

/** The primary itself waits for other workers, but not for so long. */
const metricsMs = 10_000;

/**
 * Serves as one of several workers: `open` makes the gateway from what they share once the primary says so; resolves when the
 * gateway has stopped, by the primary's word or because `stopped` resolved. A gateway that can't start is the primary's to tell of.
 */
export async function serveAsSibling(
  channel: Channel,
  open: (siblings: Siblings) => Promise<Gateway>,
  stopped: Promise<unknown>,
): Promise<void> {
  let opening: Promise<Gateway> | undefined;
  const told = new AbortController();
  const calls = createCalls(channel, {
    async serve(value): Promise<Ready | { code: string; message: string }> {
      try {
        opening = open(siblingsOf(value));
        const gateway = await opening;
        const { url } = await gateway.start();
        return { url, storeDescription: gateway.storeDescription };
      } catch (error) {
        told.abort();
        const message = error instanceof Error ? error.message : String(error);
        return { code: isGatewayError(error) ? error.code : '', message };
      }
    },
    count: async () => (await opening)?.readMetrics(),
    stop: () => {
      told.abort();
    },
  });

  const siblingsOf = (value: unknown): Siblings => {
    const { sessionSecret } = value as { readonly sessionSecret: string };
    return {
      sessionSecret: Buffer.from(sessionSecret, 'hex'),
      formatMetrics: async () =>
        (await calls.call('metrics', undefined, { withinMs: metricsMs })) as Awaited<
          ReturnType<Siblings['formatMetrics']>
        >,
      async inTurn(name, work) {
        await calls.call('takeTurn', name);
        try {
          return await work();
        } finally {
          void calls.call('giveTurnBack', name).catch(() => undefined);
        }
      },
    };
  };

  calls.call('hello').catch(() => undefined);
  await Promise.race([once(told.signal, 'abort'), stopped]);
  const gateway = await opening?.catch(() => undefined);
  await gateway?.stop();
  calls.close();
}
