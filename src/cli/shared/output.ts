import Table from 'cli-table3';
import { stringify } from 'yaml';
import { harmless } from './terminal.ts';

/** How a listing is printed. */
export const outputFormats = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** A column of a table: its head and the text of its cell. */
export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => string;
}

/** Rows as a table of these columns, or whole as JSON or YAML. No line break at the end. */
export function formatRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], format: OutputFormat): string {
  switch (format) {
    case 'json':
      return JSON.stringify(rows, undefined, 2);
    case 'yaml':
      return stringify(rows).trimEnd();
    case 'table':
      return formatTable(rows, columns);
  }
}

/** Bytes for people, in powers of 1,024. */
export function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power] ?? ''}`;
}

function formatTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const noFrame = { 'padding-left': 0, 'padding-right': 2, head: [], border: [] };
  const table = new Table({ head: columns.map(({ head }) => head), chars: noLines, style: noFrame });
  table.push(...rows.map((row) => columns.map(({ cell }) => harmless(cell(row)).replace(/\s/g, ' '))));
  return table.toString().replace(/(?<! ) +$/gm, '');
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
