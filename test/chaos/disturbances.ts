import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from './chance.ts';
import type { Cluster } from './cluster.ts';
import type { Front } from './faulty-proxy.ts';
import type { Gate } from './gate.ts';
import type { ChaosTrouble, ChaosTroubles } from './troubles.ts';

/** Makes now and then one of the troubles that a run has; returns whether it did, as 0 or 1. */
export function createDisturbances(
  round: { readonly replicas: number; readonly lagMs: number; readonly troubles: ChaosTroubles },
  cluster: Cluster,
  gate: Gate,
  chance: Chance,
): () => Promise<number> {
  const { replicas, lagMs } = round;
  const clear = { faults: 0, lagMs };

  /** Before one gateway, or all, something else answers for a while. */
  const front = async (kinds: readonly Front[]) => {
    const slot = chance.isLucky(0.5) ? chance.below(replicas) : undefined;
    cluster.setWeather({ ...clear, front: chance.pick(kinds) }, slot);
    await sleep(chance.between(200, 3000));
    cluster.setWeather(clear, slot);
  };
  /** As an operator is told to: while nobody writes. */
  const collect = async () => {
    cluster.setWeather(clear);
    const fault = await gate.closedFor(async () => {
      await cluster.settled();
      return await cluster.collect();
    });
    if (fault !== undefined) throw new Error(fault);
  };
  const make: Partial<Record<ChaosTrouble, () => Promise<unknown> | boolean>> = {
    pauses: () => cluster.pauseReplica(chance.below(replicas), chance.between(500, 8000)),
    'front end': () => front(['bare 404', 'bare 503']),
    throttling: () => front(['throttled']),
    'registry pauses': () => cluster.pauseRegistry(chance.between(500, 5000)),
    collections: collect,
  };
  const kinds = [...round.troubles].filter((kind) => make[kind] !== undefined);
  return async () => {
    if (kinds.length === 0 || !chance.isLucky(0.6)) return 0;
    await make[chance.pick(kinds)]?.();
    return 1;
  };
}
