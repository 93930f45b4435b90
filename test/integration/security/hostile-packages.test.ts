import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readIndexFile } from '../../../src/apk/index/index-file.ts';
import { anApk } from '../../support/an-apk.ts';
import {
  controlOfFiles,
  packageAround,
  packageInfoOfOneLine,
  packageOfFolders,
  repeatedMember,
} from '../../support/hostile-packages.ts';
import { buildPrograms, startLkard, type RunningLkard } from '../../support/programs.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import { keyFixture } from '../../support/signing-keys.ts';

let folder: Awaited<ReturnType<typeof makeTempDir>>;
let lkard: RunningLkard;
beforeAll(async () => {
  await buildPrograms();
  folder = await makeTempDir();
  const key = ['--signing-key', keyFixture('test-only-2048.rsa')];
  lkard = await startLkard(['--data', path.join(folder.path, 'data'), '--temp-dir', folder.path, ...key]);
}, 120_000);
afterAll(async () => {
  expect(await lkard.stop()).toBe(0);
  await folder.remove();
});

const base = (image: string) => `${lkard.url}/apk/${image}/edge/main`;

/** Pushes a body piece by piece, without saying how long it is. */
async function push(image: string, pieces: Iterable<Uint8Array>) {
  const body = Readable.from(pieces, { objectMode: true, highWaterMark: 4 });
  const headers = { accept: 'application/json' };
  const answer = await request(`${base(image)}/push`, { method: 'PUT', headers, body, headersTimeout: 280_000 });
  const told = (await answer.body.json()) as { code?: string; message?: string };
  return { status: answer.statusCode, code: told.code, message: told.message };
}

/** The most memory that the gateway ever had, in MiB. */
function peakMebibytes(): number {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${lkard.pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) / 1024;
}

const indexOf = async (image: string) => {
  const answer = await request(`${base(image)}/x86_64/APKINDEX.tar.gz`);
  const bytes = Buffer.from(await answer.body.arrayBuffer());
  return answer.statusCode === 200 ? readIndexFile(bytes).entries : undefined;
};

describe('a small file that stands for a huge one', () => {
  const malformed = { status: 400, code: 'PACKAGE_MALFORMED', message: expect.stringMatching(/./) as string };
  it.each<[string, () => Iterable<Uint8Array>, object]>([
    ['a control section of 1 GiB', () => repeatedMember(Buffer.alloc(2 ** 20), 1024), malformed],
    ['a control section of ten million files', () => controlOfFiles(10_000_000), malformed],
    ['a line of 2 GB in .PKGINFO', () => packageInfoOfOneLine(2048), malformed],
    ['data of 2 GiB of nothing', () => packageAround(repeatedMember(Buffer.alloc(2 ** 20), 2048)), { status: 201 }],
    ['ten million folders', () => packageOfFolders(10_000_000), { status: 201 }],
  ])(
    'is taken or refused with a reason, in little memory: %s',
    async (name, pieces, expected) => {
      const before = peakMebibytes();
      expect(await push(name.replace(/\W+/g, '-').toLowerCase(), pieces())).toMatchObject(expected);
      expect(peakMebibytes() - before).toBeLessThan(128);
      expect((await request(`${lkard.url}/healthz`)).statusCode).toBe(200);
    },
    300_000,
  );
});

describe('a name', () => {
  const names: readonly string[] = [
    ...['../evil', '..', 'a/b', '/etc/passwd', 'a\\b', 'a%2fb', '%2e%2e', 'a b', 'a\tb', '', '.hidden', '-rf'],
    ...[
      'a\rb',
      'a\x1bb',
      'a\x7fb',
      'a\u0085b',
      'a\u2028b',
      'a\u202eb',
      '\u0430pk',
      'a\uff0fb',
      '\uff0e\uff0e',
      'a\ufeff',
    ],
    ...['a'.repeat(300), 'a\0b', 'a\r\nP:evil', '$(id)', '`id`', "a'b", 'a"b', 'a;b', 'a|b', 'a&b', '<script>'],
  ];

  it.each(names.flatMap((name) => (['pkgname', 'pkgver', 'arch'] as const).map((field) => [field, name] as const)))(
    'in %s that is %j is refused',
    async (field, value) => {
      const spec = { name: 'good', version: '1.0-r0', arch: 'x86_64' };
      const bad = { pkgname: { name: value }, pkgver: { version: value }, arch: { arch: value } }[field];
      const { status, code } = await push('team/names', [anApk({ ...spec, ...bad })]);
      expect([status, code]).toEqual([400, expect.stringMatching(/_(MALFORMED|INVALID)$/)]);
    },
  );

  it('leaves nothing behind', async () => {
    expect(await indexOf('team/names')).toBeUndefined();
    expect((await push('team/names', [anApk({ name: 'good', version: '1.0-r0' })])).status).toBe(201);
    expect(await indexOf('team/names')).toMatchObject([{ name: 'good' }]);
  });
});

describe('a field', () => {
  it.each([
    ['a line of the index', 'a\nP:evil'],
    ['a record of the index', 'a\n\nC:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:evil\nV:1\n'],
    ['a carriage return', 'a\rP:evil'],
    ['both', 'a\r\nP:evil\r\n\r\nP:evil'],
    ['NUL', 'a\0\nP:evil'],
    ['vertical tab and form feed', 'a\vP:evil\fP:evil'],
    ['line breaks of Unicode', 'a\u0085P:evil\u2028P:evil\u2029P:evil'],
    ['an escape', 'a\\nP:evil'],
    ['bytes that are no UTF-8', 'a\ud800P:evil'],
  ])('with %s in it makes no second record', async (what, text) => {
    const image = `team/field-${what.toLowerCase().replace(/[^a-z]+/g, '-')}`;
    const { status } = await push(image, [anApk({ name: 'good', version: '1.0-r0', description: text })]);
    const entries = await indexOf(image);
    expect(status === 201 ? entries?.map(({ name }) => name) : [status, entries]).toEqual(
      status === 201 ? ['good'] : [400, undefined],
    );
  });
});
