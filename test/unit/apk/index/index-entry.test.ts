import { describe, expect, it } from 'vitest';
import { compareIndexEntries, formatIndexEntry, parseIndexEntry } from '../../../../src/apk/index/index-entry.ts';
import { GatewayError } from '../../../../src/errors.ts';

const identity = 'Q1wbSklZOCT5nyqBSG9Euhoip0+5k=';
const head = `C:${identity}\nP:demo\nV:1.0-r0\nA:x86_64\nS:904\nI:9\nT:a test\nU:https://example.org/\nL:MIT\n`;
const full = `${head}o:demo\nm:Test <test@example.org>\nt:1700000000\nc:0123abcd\nk:10\nD:busybox>=1.36 !nano\np:cmd:demo=1.0-r0\ni:base docs\n\n`;

function codeOf(record: string): string | undefined {
  try {
    parseIndexEntry(record);
    return undefined;
  } catch (error) {
    return error instanceof GatewayError ? error.code : 'not a GatewayError';
  }
}

describe('an index record', () => {
  it('is written with its letters in the order of apk', () => {
    expect(formatIndexEntry(parseIndexEntry(full))).toBe(full);
    expect(parseIndexEntry(full)).toMatchObject({
      identity,
      name: 'demo',
      architecture: 'x86_64',
      fileSize: 904,
      buildTime: 1700000000,
      providerPriority: 10,
      depends: ['busybox>=1.36', '!nano'],
    });
  });

  it('is read with its letters in any order, without its empty line, and with letters of the installed database', () => {
    const lines = full.trim().split('\n').reverse();
    expect(formatIndexEntry(parseIndexEntry(`F:usr\nM:0:0:755\nx:new\n${lines.join('\n')}\n`))).toBe(full);
  });

  it('leaves out what is empty or zero, but never T, U, L and I', () => {
    const short = `C:${identity}\nP:demo\nV:1\nA:noarch\nS:1\nI:0\nT:\nU:\nL:\n\n`;
    expect(formatIndexEntry(parseIndexEntry(short.replace('\n\n', '\no:\nt:0\nk:0\nD:\n\n')))).toBe(short);
  });

  const broken: [string, string][] = [
    ['no line end', full.trimEnd()],
    ['two records', full + full],
    ['an empty line inside', full.replace('\nD:', '\n\nD:')],
    ['CRLF', full.replaceAll('\n', '\r\n')],
    ['a NUL', full.replace('a test', 'a\0test')],
    ['an escape sequence', full.replace('a test', 'a\x1b[2Jtest')],
    ['half a surrogate pair', full.replace('a test', 'a\ud800test')],
    ['a line without colon', full.replace('T:a test', 'T a test')],
    ['an unknown upper-case letter', full.replace('o:demo', 'X:demo')],
    ['a letter twice', full.replace('o:demo', 'P:other')],
    ['no identity', full.replace(/^C:.*\n/, '')],
    ['an identity that is no base64', full.replace(identity, identity.replace('w', '!'))],
    ['an identity of another length', full.replace(identity, `Q1${'A'.repeat(43)}=`)],
    ['an identity in a second spelling', full.replace('5k=', '5l=')],
    ['SHA-256 in C:', full.replace('C:Q1', 'C:Q2')],
    ['no name', full.replace('P:demo\n', '')],
    ['a name with a path', full.replace('P:demo', 'P:../demo')],
    ['no version', full.replace('V:1.0-r0\n', '')],
    ['a version with a slash', full.replace('V:1.0-r0', 'V:1/0')],
    ['no architecture', full.replace('A:x86_64\n', '')],
    ['the architecture all', full.replace('A:x86_64', 'A:all')],
    ['an architecture with a path', full.replace('A:x86_64', 'A:../x')],
    ['a size that is no number', full.replace('S:904', 'S:9k')],
    ['a size with a sign', full.replace('I:9', 'I:-9')],
    ['a size past 18 digits', full.replace('I:9', `I:${'9'.repeat(19)}`)],
    ['a dependency without version', full.replace('busybox>=1.36', 'busybox>=')],
    ['a dependency on an invalid version', full.replace('1.36', '1.x')],
    ['a token over 255 bytes', full.replace('base', 'b'.repeat(256))],
    ['a head over 2,048 bytes', full.replace('a test', 'd'.repeat(2048 - head.length))],
    ['a line over 131,000 bytes', full.replace('base', 'b'.repeat(99).concat(' ').repeat(1320))],
  ];
  it.each(broken)('is refused with %s', (_, record) => {
    expect(codeOf(record)).toBe('INDEX_MALFORMED');
  });

  it('may be as large as clients can store', () => {
    const limit = 2048 - Buffer.byteLength(full.slice(0, full.indexOf('D:')));
    expect(codeOf(full.replace('a test', `a test${'d'.repeat(limit)}`))).toBeUndefined();
    expect(codeOf(full.replace('a test', `a test${'d'.repeat(limit + 1)}`))).toBe('INDEX_MALFORMED');
    expect(codeOf(full.replace('base', 'b'.repeat(255)))).toBeUndefined();
  });

  it('keeps odd versions in provides, which real packages have', () => {
    expect(codeOf(full.replace('cmd:demo=1.0-r0', 'pc:librtmp=v2.4'))).toBeUndefined();
  });

  it('stands in the order of name, version, identity', () => {
    const entry = parseIndexEntry(full);
    const entries = [
      { ...entry, name: 'Zlib', version: '9' },
      { ...entry, name: 'a', version: '1.0-r9', identity: `Q1${'A'.repeat(27)}=` },
      { ...entry, name: 'a', version: '1.0-r9' },
      { ...entry, name: 'a', version: '1.0-r10' },
      { ...entry, name: 'a-b', version: '1' },
    ];
    expect([...entries].reverse().sort(compareIndexEntries)).toEqual(entries);
  });
});
