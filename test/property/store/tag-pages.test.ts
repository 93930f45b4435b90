import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTag } from '../../../src/oci/reference.ts';
import { createTagPages } from '../../../src/store/registry/content/tag-pages.ts';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

const parse = (page: Uint8Array) => (JSON.parse(Buffer.from(page).toString()) as { tags: unknown[] }).tags;
const pageOf = (tags: readonly string[], format: (tags: readonly string[]) => string = plain) =>
  Buffer.from(format(tags));
const plain = (tags: readonly string[]) => `${JSON.stringify({ name: 'team/app', tags })}\n`;
const spaced = (tags: readonly string[]) => JSON.stringify({ tags }, null, 1);
const reordered = (tags: readonly string[]) => JSON.stringify({ tags, name: 'team/app', extra: [tags.length] });

const someTag = fc.oneof(
  { weight: 8, arbitrary: fc.stringMatching(/^[a-c]{1,3}$/) },
  { weight: 4, arbitrary: fc.stringMatching(/^[0-9a-z]{10}-p-[a-z]{1,8}-[0-9a-z]{6}$/) },
  { weight: 1, arbitrary: fc.constantFrom('"', '\\', 'ä', '', ']', 'x","y', 'a b') },
);
const someTags = fc.array(someTag, { maxLength: 12 });
const sorted = (tags: readonly string[]) => [...new Set(tags)].sort();

describe('pages of tags', () => {
  it('are read as if each were the first, whatever came before and however they are written', () => {
    const order = fc.constantFrom(sorted, (tags: readonly string[]) => tags);
    const format = fc.constantFrom(plain, plain, plain, spaced, reordered);
    fc.assert(
      fc.property(fc.array(fc.tuple(someTags, order, format), { maxLength: 8 }), (listings) => {
        const pages = createTagPages(1e6);
        for (const [tags, inOrder, write] of listings) {
          const listed = inOrder(tags);
          expect(pages.read('a', pageOf(listed, write), parse)).toEqual([...new Set(listed.filter(isTag))]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('are read by what changed in them alone', () => {
    const pages = createTagPages(1e6);
    const before = sorted(Array.from({ length: 500 }, (_, i) => `tag-${i}`));
    pages.read('a', pageOf(before), parse);
    const whole: Uint8Array[] = [];
    const counting = (page: Uint8Array) => {
      whole.push(page);
      return parse(page);
    };
    const more = sorted([...before, 'tag-250-a', 'tag-250-b']);
    expect(pages.read('a', pageOf(more), counting)).toEqual(more);
    const fewer = more.filter((tag) => tag !== 'tag-100');
    const first = pages.read('a', pageOf(fewer), counting);
    expect(first).toEqual(fewer);
    expect(pages.read('a', pageOf(fewer), counting)).toBe(first);
    expect(whole).toEqual([]);
  });

  it('are told apart by key, and none is kept beyond the room for them', () => {
    const pages = createTagPages(100);
    const tags = sorted(Array.from({ length: 50 }, (_, i) => `tag-${i}`));
    pages.read('a', pageOf(['one']), parse);
    expect(pages.read('b', pageOf(['two']), parse)).toEqual(['two']);
    expect(pages.read('a', pageOf(tags), parse)).toEqual(tags);
    expect(pages.read('a', pageOf(['one']), parse)).toEqual(['one']);
  });

  it('are no longer in memory where only one of their tags is', () => {
    const held = () => {
      gc();
      return process.memoryUsage().heapUsed;
    };
    const pages = createTagPages(1e6);
    const listed = (n: number) => Array.from({ length: 2000 }, (_, i) => `a-tag-that-is-new-each-time-${n}-${i}`);
    const framed = (n: number) => pageOf(['a-first-tag', ...listed(n), 'z-last-tag']);
    pages.read('a', framed(0), parse);
    const before = held();
    const remembered = Array.from({ length: 100 }, (_, n) => pages.read('a', framed(n + 1), parse)[1000]);
    expect(held() - before).toBeLessThan(2 ** 20);
    expect(remembered).toHaveLength(100);
  });
});
