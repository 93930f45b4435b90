import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { formatRows, formatSize, type Column } from '../../../../src/cli/shared/output.ts';

const rows = [
  { name: 'a', size: 1 },
  { name: 'long\u001b[31m-name', size: 2048 },
];
const columns: readonly Column<(typeof rows)[number]>[] = [
  { head: 'NAME', cell: ({ name }) => name },
  { head: 'SIZE', cell: ({ size }) => formatSize(size) },
];

describe('a listing', () => {
  it('is a table without anything that a terminal would obey', () => {
    expect(formatRows(rows, columns, 'table').split('\n')).toEqual([
      'NAME           SIZE',
      'a              1 B',
      'long[31m-name  2.0 KiB',
    ]);
  });

  it('is JSON or YAML with all there is', () => {
    expect(JSON.parse(formatRows(rows, columns, 'json'))).toEqual(rows);
    expect(parse(formatRows(rows, columns, 'yaml'))).toEqual(rows);
    expect(formatRows([], columns, 'json')).toBe('[]');
  });
});

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [5 * 2 ** 30, '5.0 GiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});
