import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { mutated, placeOf } from './mutated.ts';
import { mutations } from './mutations.ts';

const root = path.join(import.meta.dirname, '..', '..', '..', 'src', 'repository');
const sources = new Map(
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [name, readFileSync(path.join(root, name), 'utf8')]),
);

describe('the rules that a mutation run takes out', () => {
  it.each(mutations)('$rule: its text stands in the source once', ({ text, instead }) => {
    const { file, found } = placeOf(text, sources);
    expect(mutated(sources.get(file)!, found, instead)).not.toBe(sources.get(file));
  });

  it('are told apart by their sentences', () => {
    expect(new Set(mutations.map(({ rule }) => rule)).size).toBe(mutations.length);
  });

  it('are found however they are laid out, and missed loudly', () => {
    const laidOut = new Map([['one.ts', 'if (\n  await isUnder(\n    grave)\n) return;']]);
    expect(placeOf('if (await isUnder(grave)) return;', laidOut).file).toBe('one.ts');
    expect(() => placeOf('if (isUnder(grave)) return;', laidOut)).toThrow('0 times');
    expect(() => placeOf('return;', new Map([...laidOut, ['two.ts', 'return;']]))).toThrow('2 times');
  });
});
