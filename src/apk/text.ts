/**
 * Package metadata is bytes that are nearly always UTF-8. What isn't must survive unchanged, since a record is compared
 * byte by byte; so a stray byte 0x80–0xff becomes the lone surrogate U+DC80–U+DCFF and turns back when written. Such text
 * lives through JSON as well.
 */

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

// RFC 3629 section 4, on one char per byte; what is left over is a stray byte.
const utf8OrStray =
  /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\x80-\xff]/g;

const strayByte = /([\udc80-\udcff])/u;
const otherLoneSurrogate = /[\ud800-\udc7f\udd00-\udfff]/u;
const beyondAscii = /[^\0-\x7f]/;
// C0 but the tab, DEL and C1, which terminals obey, but U+0085, a mere line end that files have; and the controls of Unicode's
// bidirectional algorithm (UAX 9), by which text is shown in another order than it is read.
const hiddenCharacter = /[\0-\x08\x0a-\x1f\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** The text of `bytes`; `isUtf8` is false where stray bytes had to be kept as lone surrogates. */
export function decodeText(bytes: Uint8Array): { text: string; isUtf8: boolean } {
  try {
    return { text: strictUtf8.decode(bytes), isUtf8: true };
  } catch {
    const text = Buffer.from(bytes).toString('latin1').replace(utf8OrStray, decodeSequence);
    return { text, isUtf8: false };
  }
}

/** The bytes of `text`, stray bytes as they once were: `encodeText(decodeText(b).text)` equals `b`. */
export function encodeText(text: string): Buffer {
  if (!beyondAscii.test(text) || !strayByte.test(text)) return Buffer.from(text);
  const parts = text.split(strayByte);
  return Buffer.concat(parts.map((part, index) => (index % 2 === 0 ? Buffer.from(part) : byteOfStray(part))));
}

/** How many bytes `encodeText(text)` has. */
export function encodedLength(text: string): number {
  return beyondAscii.test(text) ? encodeText(text).length : text.length;
}

/** Whether `encodeText` can write `text` without loss: no half of a surrogate pair but those that stand for a stray byte. */
export function isEncodable(text: string): boolean {
  return !otherLoneSurrogate.test(text);
}

/** Whether a line has a character that isn't shown and changes what is: a control character but the tab, or a bidirectional control. */
export function hasHiddenCharacter(line: string): boolean {
  return hiddenCharacter.test(line);
}

function decodeSequence(sequence: string): string {
  if (sequence.length === 1) return String.fromCharCode(0xdc00 + sequence.charCodeAt(0));
  return Buffer.from(sequence, 'latin1').toString('utf8');
}

function byteOfStray(surrogate: string): Buffer {
  return Buffer.from([surrogate.charCodeAt(0) - 0xdc00]);
}
