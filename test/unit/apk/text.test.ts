import { describe, expect, it } from 'vitest';
import { decodeText, encodedLength, encodeText, isEncodable } from '../../../src/apk/text.ts';

describe('text that may not be UTF-8', () => {
  it.each([
    ['', ''],
    ['plain', 'plain'],
    ['é€😀', 'é€😀'],
    ['\ufeffbom', '\ufeffbom'],
  ])('reads %j as it is', (written, text) => {
    expect(decodeText(Buffer.from(written))).toEqual({ text, isUtf8: true });
  });

  it('keeps stray bytes, through JSON too', () => {
    const bytes = Buffer.from('4af67267c3a9e282ff', 'hex');
    const { text, isUtf8 } = decodeText(bytes);
    expect([text, isUtf8]).toEqual(['J\udcf6rgé\udce2\udc82\udcff', false]);
    expect(encodeText(JSON.parse(JSON.stringify(text)) as string)).toEqual(bytes);
    expect(encodedLength(text)).toBe(bytes.length);
  });

  it('tells what it could not write', () => {
    expect([isEncodable('a\udcf6'), isEncodable('😀'), isEncodable('a\ud800')]).toEqual([true, true, false]);
  });
});
