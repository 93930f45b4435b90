import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { knownFaults } from '../simulation/mutations/known-faults.ts';
import { placeOf } from '../simulation/mutations/mutated.ts';
import { mutations } from '../simulation/mutations/mutations.ts';

const root = path.join(import.meta.dirname, '..');
const src = path.join(root, '..', 'src');
const sources = new Map(
  readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [name, readFileSync(path.join(src, name), 'utf8')]),
);
const rules = mutations.map(({ rule }) => rule);

describe.each(knownFaults)('$fault', ({ file, test, mend }) => {
  it('has a test that a user’s words find', () => {
    const text = readFileSync(path.join(root, file), 'utf8');
    expect(text).toContain(test);
    expect(text).not.toMatch(
      new RegExp(`\\b(?:it|describe)\\.(?:skip|todo)\\([^)]*${test.slice(0, 20).replace(/\W/g, '.')}`),
    );
  });

  it('comes back where its mend is taken out, which a mutation run shows', () => {
    if ('rule' in mend) expect(rules).toContain(mend.rule);
    else expect(placeOf(mend.text, sources).found).not.toBe(mend.instead);
  });
});
