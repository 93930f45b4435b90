import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { formatIndexEntry, indexEntryOf } from '../../../../src/apk/index/index-entry.ts';
import { parsePackageInfo } from '../../../../src/apk/package/package-info.ts';
import { encodeText } from '../../../../src/apk/text.ts';
import { GatewayError } from '../../../../src/errors.ts';
import { readJson } from '../fixtures.ts';

interface PackageInfoCase {
  readonly name: string;
  readonly what: string;
  readonly verdict: string;
  readonly why?: string;
  readonly pkginfo?: string;
  readonly pkginfo_base64?: string;
  readonly record?: string;
  readonly record_base64?: string;
}

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

const { cases } = readJson('pkginfo-cases.json') as { cases: PackageInfoCase[] };
const start = 'pkgname = demo\npkgver = 1.0-r0\narch = x86_64\n';
const datahash = `datahash = ${'0'.repeat(64)}\n`;
const identity = `Q1${'A'.repeat(27)}=`;
const numbers = Array.from({ length: 2000 }, (_, number) => String(number).padStart(4, '0'));
const manyTokens = numbers.map((number) => `so:libexample-dependency-number-${number}.so.1`);

// Two cases are given as a description only, for their size.
const generated: Readonly<Record<string, { pkginfo: string; record?: string }>> = {
  'line-200k': { pkginfo: `${start}pkgdesc = ${'d'.repeat(200_000)}\n` },
  'many-depends': {
    pkginfo: start + manyTokens.map((token) => `depend = ${token}\n`).join(''),
    record: `P:demo\nV:1.0-r0\nA:x86_64\nI:0\nT:\nU:\nL:\nD:${manyTokens.join(' ')}\n\n`,
  },
};

function bytesOf(text: string | undefined, base64: string | undefined): Buffer {
  return text === undefined ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(text);
}

function withDatahash(pkginfo: Buffer): Buffer {
  const isClosed = pkginfo.at(-1) === 0x0a;
  return isClosed ? Buffer.concat([pkginfo, Buffer.from(datahash)]) : Buffer.concat([Buffer.from(datahash), pkginfo]);
}

/** The record less its lines C and S, and the warnings. */
function listed(pkginfo: Uint8Array): { record: string; warnings: readonly string[] } {
  const { info, warnings } = parsePackageInfo(pkginfo);
  const entry = indexEntryOf(info, { identity, fileSize: 1 });
  const record = encodeText(formatIndexEntry({ ...entry, architecture: info.architecture })).toString('latin1');
  return { record: record.replace(`C:${identity}\n`, '').replace('S:1\n', ''), warnings };
}

describe('.PKGINFO', () => {
  it.each(cases.filter(({ verdict }) => verdict !== '400'))('takes $name: $what', (sample) => {
    const { pkginfo, record } = { ...sample, ...generated[sample.name] };
    const result = listed(withDatahash(bytesOf(pkginfo, sample.pkginfo_base64)));
    expect(result.record).toBe(bytesOf(record, sample.record_base64).toString('latin1'));
    expect(result.warnings).toHaveLength(sample.verdict === 'accept with warning' ? 1 : 0);
  });

  it.each(cases.filter(({ verdict }) => verdict === '400'))('refuses $name: $what', (sample) => {
    const pkginfo = withDatahash(bytesOf(generated[sample.name]?.pkginfo ?? sample.pkginfo, undefined));
    const words = sample
      .why!.split(/[:;(]/)[0]!
      .trim()
      .replace('record head', 'record')
      .replace('size too large', 'too large');
    expect(() => listed(pkginfo)).toThrow(words);
    expect(() => listed(pkginfo)).toThrow(GatewayError);
  });

  it.each(['0123', 'g'.repeat(64), '0'.repeat(65)])('refuses the datahash %s', (hash) => {
    expect(() => parsePackageInfo(Buffer.from(`${start}datahash = ${hash}\n`))).toThrow(
      'datahash is not 64 hex digits',
    );
  });

  it('keeps sizes exact that a number is not', () => {
    const size = '999999999999999999';
    expect(listed(Buffer.from(`${start}size = ${size}\n${datahash}`)).record).toContain(`\nI:${size}\n`);
    expect(listed(Buffer.from(`${start}size = 007\n${datahash}`)).record).toContain('\nI:7\n');
  });

  it('does not warn as often as a hostile file has faults', () => {
    const depends = manyTokens.map((token) => `depend = ${token}=1~abc\n`).join('');
    expect(listed(Buffer.from(start + 'no separator\n'.repeat(1000) + depends + datahash)).warnings).toHaveLength(20);
  });

  it('keeps what is not in the index: packager, replaces', () => {
    const { info } = parsePackageInfo(Buffer.from(`${start}packager = me\nreplaces = a b\nreplaces = c\n${datahash}`));
    expect(info).toMatchObject({ packager: 'me', replaces: ['a', 'b', 'c'] });
  });

  const hidden = {
    NUL: '\0',
    BEL: '\x07',
    ESC: '\x1b',
    DEL: '\x7f',
    CSI: '\x9b',
    'a right-to-left override': '\u202e',
    'an isolate': '\u2066',
    'an Arabic letter mark': '\u061c',
  };
  const keys = [
    'pkgdesc',
    'url',
    'license',
    'origin',
    'maintainer',
    'packager',
    'commit',
    'depend',
    'provides',
    'replaces',
  ];
  it.each(Object.entries(hidden).flatMap(([what, character]) => keys.map((key) => [what, key, character])))(
    'refuses %s in %s, which would change what a terminal shows',
    (_what, key, character) => {
      expect(() => listed(Buffer.from(`${start}${key} = a${character}b\n${datahash}`))).toThrow(
        `control character in ${key}`,
      );
    },
  );

  it.each<[string, string]>([
    ['over 16,384 tokens in all', ['provides', 'replaces'].map((key) => `${key} = ${'a '.repeat(8193)}\n`).join('')],
    ['a list whose line clients can’t read', `replaces = ${'r'.repeat(200)} \n`.repeat(700)],
    ['a token over 255 bytes', `replaces = ${'r'.repeat(256)}\n`],
  ])('refuses %s', (_what, lines) => {
    expect(() => listed(Buffer.from(start + lines + datahash))).toThrow(GatewayError);
  });

  it('doesn’t keep the file for the sake of a few words of it', () => {
    const held = () => {
      gc();
      return process.memoryUsage().heapUsed;
    };
    const comments = `# ${'c'.repeat(100)}\n`.repeat(9000);
    const fileOf = (n: number) => Buffer.from(`${start}pkgdesc = a text of a package ${n}\n${datahash}${comments}`);
    const before = held();
    const parsed = Array.from({ length: 20 }, (_, n) => parsePackageInfo(fileOf(n)));
    expect(held() - before).toBeLessThan(2 ** 20);
    expect(parsed).toHaveLength(20);
  });
});
