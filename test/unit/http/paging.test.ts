import { describe, expect, it } from 'vitest';
import { exactPageOf, pageLinks, pageOf } from '../../../src/http/request/paging.ts';

const five = ['a', 'b', 'c', 'd', 'e'];

describe('a page that a program asks for', () => {
  it('is empty past the last, where a browser gets the last', () => {
    expect(exactPageOf(five, '4', 2)).toEqual({ items: [], total: 5, page: 4, pages: 3 });
    expect(pageOf(five, '4', 2)).toEqual({ items: ['e'], total: 5, page: 3, pages: 3 });
    expect(exactPageOf(five, undefined, 2).items).toEqual(['a', 'b']);
  });

  it.each(['0', '-1', '1.5', 'x', '', '9999999999'])('is refused as %j', (page) => {
    expect(() => exactPageOf(five, page, 2)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });

  it('names its neighbours, with what else was asked', () => {
    expect(pageLinks({ q: 'a b', order: undefined }, { page: 2, pages: 3 })).toBe(
      '<?q=a+b&page=1>; rel="first", <?q=a+b&page=1>; rel="prev", <?q=a+b&page=3>; rel="next", <?q=a+b&page=3>; rel="last"',
    );
    expect(pageLinks({}, { page: 9, pages: 3 })).toContain('<?page=3>; rel="prev"');
    expect(pageLinks({}, { page: 1, pages: 1 })).not.toContain('next');
  });
});
