/**
 * Every age that the protocol knows, in milliseconds, on this process's own monotonic clock where nothing else is said. None
 * decides what is safe: each only says how long a process remembers, waits or cleans up after others. What must hold between
 * them is in `leaseInequalities`.
 */
export const lease = {
  /** What this replica saw, put or removed counts for so long, whatever a listing says: listings may be that far behind. */
  memoryMs: 300_000,
  /** Two answers "no such tag" that far apart are proof that nobody else has to give. */
  absenceApartMs: 300_000,
  /** Two answers that are no package of ours that far apart make a tag foreign. */
  garbledApartMs: 2_000,
  /** A tag that was found by name isn't asked for again so soon. */
  foundMs: 30_000,
  /** A replica stands by what it acknowledged for so long, where two replicas acknowledged two contents of one name. */
  standByMs: 600_000,
  /** No push waits for a listing for so long, once one did so without success. */
  laggingMs: 600_000,
  /** A tag that lost its name is left to its own pusher for so long before others bury it. */
  loserMs: 1_000,
  /** A push that is older than this, by either of its clocks, doesn't hold its tags any more. */
  claimMs: 3_600_000,
  /** By stamps: the tombstone of a tag that is younger is kept. */
  tombstoneMs: 86_400_000,
  /** No replica removes a tombstone that it hasn't known of for so long: clocks differ, and what died lately may be old. */
  graveMs: 7_200_000,
  /** By stamps: a snapshot that was begun longer ago and isn't there by now comes to nothing. */
  snapshotClaimMs: 600_000,
  /** By stamps: whoever wants a name doubts what was begun so long before under it; whoever is doubted gives up. */
  snapshotPatienceMs: 60_000,
  /** By so much may stamps of two replicas differ. */
  stampSlackMs: 3_600_000,
};

/** What must hold between the ages, each with its reason. */
export const leaseInequalities: readonly (readonly [reason: string, holds: boolean])[] = [
  ['what lags can still be told from what is gone', lease.absenceApartMs >= lease.memoryMs],
  ['a replica asks again before it forgets', lease.foundMs < lease.memoryMs],
  [
    'others have seen what was acknowledged before the replica ends standing by it',
    lease.standByMs >= 2 * lease.memoryMs,
  ],
  ['no death is forgotten while a listing may be behind it', lease.graveMs >= lease.memoryMs],
  ['a late put of a push finds the tombstone that buried it', lease.graveMs >= 2 * lease.claimMs],
];
