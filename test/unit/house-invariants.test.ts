import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { mutations } from '../simulation/mutations/mutations.ts';

const root = path.join(import.meta.dirname, '..', '..');
const page = readFileSync(path.join(root, 'docs', 'design.md'), 'utf8');

/** The rows of the table below a heading, without its head. */
function rowsBelow(heading: string): readonly (readonly string[])[] {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  const [ours = ''] = section.split('\n## ');
  const rows = ours.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const codeIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

/** The file that a name means: below src/repository, or below src. */
function sourceOf(name: string): string | undefined {
  const places = [path.join(root, 'src', 'repository', name), path.join(root, 'src', name)];
  return places.find((place) => existsSync(place));
}

function defines(file: string, name: string): boolean {
  const text = readFileSync(file, 'utf8');
  return new RegExp(`\\b(?:function\\*?|const|class) ${name}\\b|^ +(?:async )?${name}\\(|^ +${name}: `, 'm').test(text);
}

/** The lines of a test's file that may hold its titles. */
function titlesIn(test: string): readonly string[] {
  return readFileSync(path.join(root, 'test', test), 'utf8')
    .split('\n')
    .filter((line) => /['"`]/.test(line));
}

describe('the invariants in docs/design.md', () => {
  const invariants = rowsBelow('Invariants');

  it('are told', () => {
    expect(invariants.length).toBeGreaterThanOrEqual(20);
  });

  it.each(invariants)('%s', (_rule, kept = '', shown = '') => {
    const [file = '', ...functions] = codeIn(kept);
    const source = sourceOf(file);
    expect([file, source]).not.toEqual([file, undefined]);
    expect(functions.length).toBeGreaterThan(0);
    expect(functions.filter((name) => !defines(source ?? '', name))).toEqual([]);
    const [, rule] = /^rule: (.+)$/.exec(shown) ?? [];
    const [, test = '', title = ''] = /^`([^`]+)`: (.+)$/.exec(shown) ?? [];
    if (rule !== undefined) expect(mutations.map((mutation) => mutation.rule)).toContain(rule);
    else expect(titlesIn(test).filter((line) => line.includes(title))).not.toEqual([]);
  });
});

describe('the words in docs/design.md', () => {
  it.each(rowsBelow('Words'))('%s is where the table says', (words, _promise, made = '') => {
    const [place = ''] = codeIn(made);
    expect([place, existsSync(path.join(root, 'src', place))]).toEqual([place, true]);
    if (!place.endsWith('.ts')) return;
    const text = readFileSync(path.join(root, 'src', place), 'utf8');
    for (const word of codeIn(words))
      expect([word, new RegExp(`export interface ${word}\\b`).test(text)]).toEqual([word, true]);
  });
});

describe('where docs/contributing.md says to look first', () => {
  const [, table = ''] = readFileSync(path.join(root, 'docs', 'contributing.md'), 'utf8').split('| you want to know |');
  const rows = (table.split('\n\n')[0] ?? '').split('\n').slice(2);

  it.each(rows.map((row) => codeIn(row)).filter((places) => places.length > 0))('%s is there', (...places) => {
    const [first = ''] = places;
    const isThere = (place: string) =>
      existsSync(path.join(root, 'src', place)) || existsSync(path.join(root, 'src', first, place));
    expect(places.filter((place) => !isThere(place))).toEqual([]);
  });
});
