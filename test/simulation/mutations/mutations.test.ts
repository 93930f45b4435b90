import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { mutations } from './mutations.ts';

const root = path.join(import.meta.dirname, '..', '..', '..');

describe('the rules that a mutation run takes out', () => {
  it.each(mutations)('$rule: its text stands in $file once', ({ file, text, instead }) => {
    expect(readFileSync(path.join(root, file), 'utf8').split(text)).toHaveLength(2);
    expect(instead).not.toBe(text);
  });

  it('are told apart by their sentences', () => {
    expect(new Set(mutations.map(({ rule }) => rule)).size).toBe(mutations.length);
  });
});
