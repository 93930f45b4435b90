import { describe, expect, it } from 'vitest';
import { isImageName, isTag } from '../../../src/oci/reference.ts';

describe('isImageName', () => {
  it.each(['a', 'a/b', 'a.b_c__d--e/f0', 'a'.repeat(255)])('takes %s', (name) => {
    expect(isImageName(name)).toBe(true);
  });

  it.each(['', 'A', 'a/', '/a', 'a//b', 'a/../b', 'a..b', 'a___b', '-a', 'a-', 'a b', 'a\n', 'é', 'a'.repeat(256)])(
    'refuses %j',
    (name) => {
      expect(isImageName(name)).toBe(false);
    },
  );
});

describe('isTag', () => {
  it.each(['a', '_', '1.0', 'A-b_c.', 'x'.repeat(128)])('takes %s', (tag) => {
    expect(isTag(tag)).toBe(true);
  });

  it.each(['', '.a', '-a', 'a+b', 'a/b', 'a\n', `sha256:${'a'.repeat(64)}`, 'x'.repeat(129), null, 7])(
    'refuses %j',
    (tag) => {
      expect(isTag(tag)).toBe(false);
    },
  );
});
