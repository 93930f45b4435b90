export interface PagerProps {
  /** From 1 on. */
  readonly page: number;
  readonly pages: number;
  readonly linkTo: (page: number) => string;
}

/** Links to the pages beside this one, and to the first and last. */
export function Pager({ page, pages, linkTo }: PagerProps) {
  if (pages < 2) return <></>;
  return (
    <nav aria-label="Pages">
      <ul class="pager">
        {pageNumbers(page, pages).map((number) => (
          <li>
            {number === undefined ? (
              <span>…</span>
            ) : (
              <a
                href={linkTo(number)}
                aria-label={`Page ${number}`}
                aria-current={number === page ? 'page' : undefined}
              >
                {number}
              </a>
            )}
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** First, last, and two on either side; undefined stands for those left out between. */
export function pageNumbers(page: number, pages: number): readonly (number | undefined)[] {
  const shown = [1, page - 2, page - 1, page, page + 1, page + 2, pages].filter((one) => one >= 1 && one <= pages);
  const sorted = [...new Set(shown)].sort((a, b) => a - b);
  return sorted.flatMap((number, i) => (number - (sorted[i - 1] ?? 0) > 1 ? [undefined, number] : [number]));
}
