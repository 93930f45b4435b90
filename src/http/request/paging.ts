import { GatewayError } from '../../errors.ts';

/** One page of a list. */
export interface Paged<T> {
  readonly items: readonly T[];
  readonly total: number;
  /** From 1 on. */
  readonly page: number;
  /** At least 1. */
  readonly pages: number;
}

/** The page that a query names, the nearest there is where it names none. */
export function pageOf<T>(all: readonly T[], wanted: string | undefined, size: number): Paged<T> {
  const pages = pagesOf(all.length, size);
  const page = Math.min(nearPage(wanted), pages);
  return { items: all.slice((page - 1) * size, page * size), total: all.length, page, pages };
}

/** The page that a program asks for: REQUEST_INVALID where it is no number from 1 on, empty past the last. */
export function exactPageOf<T>(all: readonly T[], wanted: string | undefined, size: number): Paged<T> {
  const page = exactPage(wanted);
  const pages = pagesOf(all.length, size);
  return { items: all.slice((page - 1) * size, page * size), total: all.length, page, pages };
}

/** How many pages so many items take, at least 1. */
export function pagesOf(total: number, size: number): number {
  return Math.max(1, Math.ceil(total / size));
}

/** The number of the page that a query names; 1 where it names none. */
export function nearPage(wanted: string | undefined): number {
  return Math.max(1, /^\d{1,9}$/.test(wanted ?? '') ? Number(wanted) : 1);
}

/** The same of a program, which is told REQUEST_INVALID where it is no number from 1 on. */
export function exactPage(wanted: string | undefined): number {
  if (wanted === undefined || /^[1-9]\d{0,8}$/.test(wanted)) return Number(wanted ?? 1);
  throw new GatewayError('REQUEST_INVALID', 'page must be a number from 1 on');
}

/**
 * `Link` to the first, the last and the neighbouring pages (RFC 8288), relative to the URL that was asked for, whose query had
 * these parameters.
 */
export function pageLinks(
  query: Readonly<Record<string, string | undefined>>,
  { page, pages }: Pick<Paged<unknown>, 'page' | 'pages'>,
): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]],
  );
  const link = (rel: string, number: number) =>
    `<?${new URLSearchParams([...given, ['page', String(number)]]).toString()}>; rel="${rel}"`;
  return [
    link('first', 1),
    ...(page > 1 ? [link('prev', Math.min(page - 1, pages))] : []),
    ...(page < pages ? [link('next', page + 1)] : []),
    link('last', pages),
  ].join(', ');
}
