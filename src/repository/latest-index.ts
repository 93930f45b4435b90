import type { Digest } from '../oci/digest.ts';
import { createDelisted } from './delisted.ts';
import type { Delisted } from './delisted.ts';
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
    suspectedAtMs: -Infinity,
    delisted: createDelisted(),
    offered: undefined,
    comparing: new Map(),
    comparingSinceMs: undefined,
    isRenewing: false,
  };
}

/** Bytes that it keeps in memory, roughly. */
export function weightOf({ view }: Latest): number {
  return bytesPerRecord + (view == null ? 0 : view.bytes.length + view.count * bytesPerRecord);
}

/**
 * Whether a view lists something else than its stored version does. Then a package may die without that version changing, so
 * the version's digest is no proof that the view still holds.
 */
export function isMended(view: IndexView | null | undefined): boolean {
  return view != null && view.createdMs === undefined;
}
