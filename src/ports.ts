/** What the domain takes from the machine it runs on, handed in so that tests and the simulation can take its place. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after that many milliseconds, or at once when the signal fires. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** That many random bytes. */
export type RandomBytes = (count: number) => Uint8Array;

/** Structured log lines, as pino writes them. Fields never hold a credential. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
