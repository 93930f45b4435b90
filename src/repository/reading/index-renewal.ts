import { GatewayError } from '../../errors.ts';
import type { Clock, Log } from '../../ports.ts';
import type { Group } from '../../protocol/coordinates.ts';
import type { Latest } from './latest-index.ts';
import type { Reader } from './reader-rights.ts';

/** While one version is compared the one before may still be served, so long after the comparison began. */
const maxOldMs = 10_000;
/** But a reader first waits so long for the comparison: it nearly always takes less. */
const patienceMs = 2_000;
/** And so long where there is nothing to be served meanwhile: proxies give up after 60 s. */
const maxFirstWaitMs = 50_000;

/** How readers wait for the comparison of an index. */
export interface ComparisonWait {
  /**
   * Waits for `running`, but not for long where an old version can be served instead. Throws what it throws, and
   * STORE_UNAVAILABLE where it takes longer than a reader can wait.
   */
  await(group: Group, latest: Latest, running: Promise<void>): Promise<void>;
}

export function createComparisonWait({ clock, log }: { readonly clock: Clock; readonly log: Log }): ComparisonWait {
  return {
    async await(group, latest, running) {
      const waitedMs = clock.now() - (latest.comparingSinceMs ?? clock.now());
      const hasOld = latest.view != null && waitedMs <= maxOldMs;
      const timer = new AbortController();
      const late = clock.sleep(hasOld ? patienceMs : maxFirstWaitMs, timer.signal).then(() => {
        if (!hasOld && !timer.signal.aborted) throw tooSlow(group);
      });
      try {
        await Promise.race([running, late]);
      } finally {
        timer.abort();
        running.catch((error: unknown) => {
          log.debug({ ...group, err: error }, 'a comparison that nobody waited for failed');
        });
      }
    },
  };
}

/** Asks for what will soon be too old, behind the back of a reader who is answered from memory: the next needn't wait. */
export function createRenewal(
  { log }: { readonly log: Log },
  renew: (reader: Reader, group: Group, latest: Latest) => Promise<void>,
): (reader: Reader, group: Group, latest: Latest) => void {
  return (reader, group, latest) => {
    if (latest.isRenewing) return;
    latest.isRenewing = true;
    void renew(reader, group, latest)
      .catch((error: unknown) => {
        log.debug({ ...group, err: error }, 'an index could not be renewed ahead of time');
      })
      .finally(() => {
        latest.isRenewing = false;
      });
  };
}

function tooSlow({ branch, repository, architecture }: Group): GatewayError {
  const index = `${branch}/${repository}/${architecture}`;
  return new GatewayError(
    'STORE_UNAVAILABLE',
    `the index of ${index} is being made from its packages; try again soon`,
    {
      details: { retryAfterSeconds: 10 },
    },
  );
}
