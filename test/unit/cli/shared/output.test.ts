import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { formatRows, type Column } from '../../../../src/cli/shared/output.ts';
import { formatSize } from '../../../../src/cli/shared/size-text.ts';

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

  it('is cut where a terminal is too narrow, but for what has to be whole', () => {
    const wide = [{ name: 'n'.repeat(60), path: 'p'.repeat(60) }];
    const all: readonly Column<(typeof wide)[number]>[] = [
      { head: 'NAME', cell: ({ name }) => name, mayBeCut: true },
      { head: 'PATH', cell: ({ path }) => path },
    ];
    expect(formatRows(wide, all, 'table', 200)).toContain('n'.repeat(60));
    const narrow = formatRows(wide, all, 'table', 100);
    expect(narrow).toMatch(/^n{23}…  p{60}$/m);
  });

  it.each(['yes', 'no', 'on', 'n', '1_000', '1:30', '2020-01-01', '0o7', '0777', '1.0', '.5', '~'])(
    'quotes %s, which YAML 1.1 or 1.2 would take for something else',
    (text) => {
      const yaml = formatRows([{ name: text }], [], 'yaml');
      expect(yaml).toBe(`- name: "${text}"`);
    },
  );

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

describe('what a hostile gateway says', () => {
  const name = 'a\u001b]0;title\u0007\u009b2J\u202eb\u2066\u007f é';
  const columns = [{ head: 'NAME', cell: (row: { name: string }) => row.name }];

  it.each(['table', 'json', 'yaml'] as const)('changes nothing in a terminal as %s', (format) => {
    const text = formatRows([{ name }], columns, format);
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    expect(text).toContain('é');
  });

  it('is read from JSON and YAML as it was said', () => {
    expect(JSON.parse(formatRows([{ name }], columns, 'json'))).toEqual([{ name }]);
    expect(parse(formatRows([{ name, 'plain key': 'no' }], columns, 'yaml'))).toEqual([{ name, 'plain key': 'no' }]);
  });
});
