/** What is noted of a request while it is answered, for the log and the metrics. */
export interface RequestRecord {
  /** The caller's own `X-Request-Id` where it is harmless, else a new one. */
  readonly requestId: string;
  /** What kind of thing was asked for, never its name; undefined until that is known. */
  route: string | undefined;
}
