import type { MonotonicClock } from './time/monotonic.ts';

/**
 * What the domain takes from the machine it runs on, handed in so that tests and the simulation can take its place. How long
 * something lasts is measured with `monotonicMs`; `now` may step and go back, and is for stamps alone.
 */
export interface Clock extends MonotonicClock {
  /** Milliseconds since 1970, as this machine's wall clock says. */
  now(): number;
  /** Resolves after that many milliseconds, or at once when the signal fires. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** That many random bytes. */
export type RandomBytes = (count: number) => Uint8Array;

/** Runs works of one name one after another, in whichever process of this gateway they are. */
export type InTurn = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** Structured log lines, as pino writes them. Fields never hold a credential. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A line of the audit log, `audit: true` among its fields: written whatever level the others are. */
  audit(fields: object, message: string): void;
  /** Whether lines of that level are written at all, where it would cost much to make one. */
  isLevelEnabled?(level: 'info'): boolean;
  /** The line of an answered request: `info`, but it may be written a little later, together with others. Default: `info`. */
  request?(line: RequestLine): void;
}

/** What the log says of an answered request. Neither headers nor the query nor userinfo: any of them may hold a secret. */
export interface RequestLine {
  readonly requestId: string;
  /** As node's parser took it: letters alone. */
  readonly method: string;
  readonly path: string;
  readonly userAgent?: string | undefined;
  readonly status: number;
  readonly durationMs: number;
  readonly remote?: string | undefined;
  /** The caller left before the end. */
  readonly isAborted?: boolean | undefined;
}

/**
 * Called with what is worth counting. None of its words may name an image, a package or a caller: whoever may read the metrics
 * need not be allowed to know of them, and each name would be a series of its own for ever.
 */
export interface Meter {
  /** A request was answered, or its caller left. `route` is a kind of thing or a template. */
  readonly answered: (route: string, method: string, status: number, durationMs: number) => void;
  /** A request to the registry; status 0 where no answer came. */
  readonly askedRegistry: (operation: string, method: string, status: number, durationMs: number) => void;
  /** A request to the registry had to wait for its turn in the budget, or got none. */
  readonly budgetShort: (outcome: 'waited' | 'refused') => void;
  /** This machine's clock is so many ms ahead of the registry's; below 0 where it is behind. */
  readonly clockAhead: (ms: number) => void;
  /** A small package was looked up in memory. */
  readonly lookedUpPackage: (isHit: boolean) => void;
  /** An index went out, so long after its registry confirmed it. */
  readonly servedIndex: (isStale: boolean, ageMs: number) => void;
  /** One look of a publish and what followed from it. */
  readonly publishRound: (cause: PublishCause) => void;
  /** So many more packages that no index lists are about to be read; below 0 as they are. */
  readonly packagesToRead: (change: number) => void;
  /** A push has passed a phase. */
  readonly pushPhase: (phase: PushPhase, durationMs: number) => void;
  /** A change came to that with one package; `refused` or `failed` with all of them. */
  readonly changed: (verb: string, outcome: string) => void;
  /** So many uploads are under way now, and so many wait for one of them to end. */
  readonly uploads: (counts: { readonly taken: number; readonly waiting: number }) => void;
}

/** Why a publish looks again: somebody joined, an index was put and is to be seen, or neither has helped yet. */
export type PublishCause = 'joined' | 'put' | 'waiting' | 'failed';

/** What a pusher waits for: their right, their own body, and the store with its index. */
export type PushPhase = 'rights' | 'body' | 'publish';
