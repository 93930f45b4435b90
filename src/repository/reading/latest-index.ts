import type { Digest } from '../../oci/digest.ts';
import { createDelisted, type Delisted } from './delisted.ts';
import type { ComparedIndex, IndexView } from './index-view.ts';

/** What is known of one group's index; one for all who read it. */
export interface Latest {
  digest: Digest | undefined;
  /** When the read of the tag that showed `digest` began. */
  checkedAtMs: number;
  checking: Map<string, { readonly promise: Promise<void>; readonly beganMs: number }>;
  failedAtMs: number;
  /** Undefined: never compared. Null: compared, and there is nothing. */
  view: IndexView | null | undefined;
  /** When the look that `view` was made from began. */
  comparedAtMs: number;
  /** How long the last comparison took. */
  comparisonMs: number;
  suspectedAtMs: number;
  /** What the views before listed. */
  readonly delisted: Delisted;
  /** What a covering look has shown that nobody has asked the bytes of yet. */
  offered: ComparedIndex | undefined;
  comparing: Map<string, Promise<void>>;
  /** Since when a comparison is wanted that nobody brought to its end. */
  comparingSinceMs: number | undefined;
  /** Whether it is being asked for behind a reader who didn't wait. */
  isRenewing: boolean;
}

/** What a record costs in memory, roughly. */
const bytesPerRecord = 1024;

/** Before anything was asked. */
export function nothingYet(): Latest {
  return {
    digest: undefined,
    checkedAtMs: -Infinity,
    checking: new Map(),
    failedAtMs: -Infinity,
    view: undefined,
    comparedAtMs: -Infinity,
    comparisonMs: 0,
    suspectedAtMs: -Infinity,
    delisted: createDelisted(),
    offered: undefined,
    comparing: new Map(),
    comparingSinceMs: undefined,
    isRenewing: false,
  };
}

/**
 * For how long a mended view holds, in milliseconds: as long as it takes to be fresh, or where comparing is dear (a lost index of
 * many packages) for some times that, within the 10 s for which an older view may go out while a new one is compared.
 */
export function mendedForMs({ comparisonMs }: Latest, freshMs: number): number {
  return Math.max(freshMs, Math.min(maxMendedMs, 4 * comparisonMs));
}

const maxMendedMs = 10_000;

/** Bytes that it keeps in memory, roughly. */
export function weightOf({ view, delisted }: Latest): number {
  const records = 1 + delisted.count() + (view?.count ?? 0);
  return records * bytesPerRecord + (view?.bytes.length ?? 0);
}

/**
 * Whether a view lists something else than its stored version does. Then a package may die without that version changing, so
 * the version's digest is no proof that the view still holds.
 */
export function isMended(view: IndexView | null | undefined): boolean {
  return view != null && view.createdMs === undefined;
}
