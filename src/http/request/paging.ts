/** One page of a list. */
export interface Paged<T> {
  readonly items: readonly T[];
  readonly total: number;
  /** From 1 on, and never past the last. */
  readonly page: number;
  /** At least 1. */
  readonly pages: number;
}

/** The page that a query names, the nearest there is where it names none. */
export function pageOf<T>(all: readonly T[], wanted: string | undefined, size: number): Paged<T> {
  const pages = Math.max(1, Math.ceil(all.length / size));
  const number = /^\d{1,9}$/.test(wanted ?? '') ? Number(wanted) : 1;
  const page = Math.min(Math.max(1, number), pages);
  return { items: all.slice((page - 1) * size, page * size), total: all.length, page, pages };
}
