import Table from 'cli-table3';
import { stringify } from 'yaml';
import type { OutputFormat } from './output-format.ts';
import { asOneLine, escapeHidden, hasHidden, printLine, type Terminal } from './terminal.ts';

/** A column of a table: its head and the text of its cell. */
export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => string;
  /** Whether it may be cut where a terminal isn't wide enough. */
  readonly mayBeCut?: boolean;
}

/** What is left of a cell that is cut, without the space behind it. */
const cutWidth = 24;
const gap = 2;

/** Prints rows as `formatRows` has them, a table cut to the terminal where there is one. */
export function printRows<Row>(
  terminal: Terminal,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  format: OutputFormat,
): void {
  const width = terminal.stdout.isTTY === true ? terminal.stdout.columns : undefined;
  printLine(terminal, formatRows(rows, columns, format, width));
}

/** Rows as a table of these columns, or whole as JSON or YAML. No line break at the end. `width` is that of a terminal. */
export function formatRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  format: OutputFormat,
  width = Infinity,
): string {
  switch (format) {
    case 'json':
      return escapeHidden(JSON.stringify(rows, undefined, 2));
    case 'yaml':
      return formatYaml(rows);
    case 'table':
      return formatTable(rows, columns, width);
  }
}

function formatYaml(rows: unknown): string {
  // What YAML 1.1 takes for a number, a date or a truth value is quoted: most readers still speak it.
  const text = stringify(rows, { compat: 'yaml-1.1' }).trimEnd();
  // Only a quoted text can have escapes.
  const quoted = { compat: 'yaml-1.1', defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' } as const;
  return hasHidden(text) ? escapeHidden(stringify(rows, quoted).trimEnd()) : text;
}

function formatTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number): string {
  const texts = rows.map((row) => columns.map(({ cell }) => asOneLine(cell(row))));
  const noFrame = { 'padding-left': 0, 'padding-right': gap, head: [], border: [] };
  const table = new Table({
    ...{ head: columns.map(({ head }) => head), chars: noLines, style: noFrame },
    colWidths: widthsOf(columns, texts, width),
  });
  table.push(...texts);
  return table.toString().replace(/(?<! ) +$/gm, '');
}

/** As wide as the texts need, unless a terminal is too narrow for all. */
function widthsOf(
  columns: readonly Pick<Column<never>, 'head' | 'mayBeCut'>[],
  texts: readonly (readonly string[])[],
  width: number,
): (number | null)[] {
  const needed = columns.map(({ head }, at) =>
    texts.reduce((most, row) => Math.max(most, row[at]?.length ?? 0), head.length),
  );
  const isTooWide = needed.reduce((sum, one) => sum + one + gap, 0) > width;
  return columns.map(({ mayBeCut = false }, at) =>
    isTooWide && mayBeCut && (needed[at] ?? 0) > cutWidth ? cutWidth + gap : null,
  );
}

const noLines = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
};
