import { describe, expect, it } from 'vitest';
import { parseNextLink } from '../../../src/oci/link.ts';

const cases: [string | undefined, string | undefined][] = [
  [undefined, undefined],
  ['', undefined],
  ['</v2/a/tags/list?n=1&last=b>; rel="next"', '/v2/a/tags/list?n=1&last=b'],
  ['</v2/a/tags/list?n=1&last=b>; rel=next', '/v2/a/tags/list?n=1&last=b'],
  ['<https://r.example/v2/a/tags/list?next_page=x>;rel="next"', 'https://r.example/v2/a/tags/list?next_page=x'],
  ['https://r.example/v2/a/tags/list?n=50&last=b; rel=next', 'https://r.example/v2/a/tags/list?n=50&last=b'],
  ['</first>; rel="first", </second>; rel="next"', '/second'],
  ['</second>; title="a, b; c"; rel="prefetch next"', '/second'],
  ['</prev>; rel="prev"', undefined],
  ['</v2/>; rel="nextish"', undefined],
  ['</v2/>', undefined],
  ['<unclosed; rel="next"', undefined],
];

describe('parseNextLink', () => {
  it.each(cases)('of %s is %s', (header, expected) => {
    expect(parseNextLink(header)).toBe(expected);
  });

  it('ends in no time on a header made to be slow', () => {
    expect(parseNextLink('<a>' + '; x'.repeat(2000) + '!')).toBeUndefined();
    expect(parseNextLink('a' + ' ; x = '.repeat(1000) + '"')).toBeUndefined();
  });
});
