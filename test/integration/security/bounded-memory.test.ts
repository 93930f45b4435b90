import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { request } from 'undici';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { embeddedFolder, seedPackages } from '../../../bench/support/seed.ts';
import { anApk } from '../../support/an-apk.ts';
import { aV3Apk, deflated } from '../../support/a-v3-apk.ts';
import { buildPrograms, startLkard, type RunningLkard } from '../../support/programs.ts';
import { keyFixture } from '../../support/signing-keys.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

/** What a container of 256 MiB has, V8's half of it included. */
const env = { NODE_OPTIONS: '--max-old-space-size=128' };
const ends: (() => Promise<unknown>)[] = [];
beforeAll(buildPrograms, 120_000);
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A gateway that was told to stay within 256 MiB. */
async function smallLkard(...args: readonly string[]): Promise<RunningLkard> {
  const folder = await makeTempDir();
  ends.push(() => folder.remove());
  return smallLkardOn(folder, ...args);
}

async function smallLkardOn(folder: { readonly path: string }, ...args: readonly string[]): Promise<RunningLkard> {
  const key = ['--signing-key', keyFixture('test-only-2048.rsa')];
  const data = ['--data', path.join(folder.path, 'data'), '--temp-dir', folder.path];
  const lkard = await startLkard([...data, ...key, '--memory', '256MiB', ...args], { env });
  ends.push(() => lkard.kill());
  return lkard;
}

type Piece = string | Uint8Array;
const boundary = 'border';
const formType = `multipart/form-data; boundary=${boundary}`;

function* form(count: number, content: (index: number) => Iterable<Piece>, isFile = true): Generator<Uint8Array> {
  for (let index = 0; index < count; index += 1) {
    const name = isFile ? `; filename="${index}.apk"` : '';
    yield Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="f"${name}\r\n\r\n`);
    for (const piece of content(index)) yield Buffer.from(piece);
    yield Buffer.from('\r\n');
  }
  yield Buffer.from(`--${boundary}--\r\n`);
}

/** By curl, which reads the answer that comes before the end of its body. */
async function push(lkard: RunningLkard, pieces: Iterable<Uint8Array>, type = formType, branch = 'edge') {
  const headers = ['-H', 'Accept: application/json', '-H', `Content-Type: ${type}`];
  const url = `${lkard.url}/apk/team/app/${branch}/main/push`;
  const curl = spawn('curl', ['-sS', '-T', '-', ...headers, '-w', '\n%{http_code}', url]);
  const sending = pipeline(Readable.from(pieces, { highWaterMark: 1 }), curl.stdin).catch(() => undefined);
  const [text] = await Promise.all([curl.stdout.setEncoding('utf8').toArray(), sending]);
  const [body = '', status] = text.join('').split(/\n(?=\d+$)/);
  return { status: Number(status), code: (JSON.parse(body) as { code?: string }).code };
}

/** The most memory that the process ever had, in MiB. */
function peakMebibytes({ pid }: RunningLkard): number {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) / 1024;
}

const tokens = (letter: string, bytes: number) =>
  Array.from({ length: Math.floor(bytes / 3) }, (_, n) => `${letter}${(n % 36).toString(36)}`).join(' ');
const withMegabyteOfReplaces = (n: number) =>
  anApk({
    name: `r${n}`,
    version: '1-r0',
    pkginfo: ['license = MIT', ...Array.from({ length: 8 }, () => `replaces = ${tokens('r', 130_000)}`)],
  });
/** As much as a package may say of itself. */
const withManyTokens = (n: number) =>
  anApk({
    name: `t${n}`,
    version: '1-r0',
    pkginfo: [
      'license = MIT',
      `provides = ${Array.from({ length: 8000 }, (_, at) => `provided${at}`).join(' ')}`,
      `replaces = ${Array.from({ length: 8000 }, (_, at) => `replaced${at}`).join(' ')}`,
      ...Array.from({ length: 5000 }, (_, at) => `# ${'c'.repeat(100)}${at}`),
    ],
  });

/** Nearly 32 MiB of what a v3 package says of its files. */
const withManyFiles = (name: string) => {
  const acl = { mode: 0o644, user: 'root', group: 'root' };
  const files = Array.from({ length: 400_000 }, (_, n) => ({
    name: `${name}-${String(n).padStart(38, 'f')}`,
    acl,
    size: 0,
    mtime: 1,
    hash: Buffer.alloc(20, n),
  }));
  return aV3Apk({ name, paths: [{ acl, files }], data: [], info: { installedSize: 1 } });
};

const refused = (status: number, code: string) => ({ status, code });

describe('a gateway in 256 MiB', { timeout: 300_000 }, () => {
  it('takes what one package may say of itself, and as many such uploads at once as come', async () => {
    const lkard = await smallLkard('--upload-queue', '40', '--upload-wait', '60s');
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, n) => push(lkard, [withManyTokens(n)], 'application/octet-stream')),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(peakMebibytes(lkard)).toBeLessThan(256);
    expect(await lkard.stop()).toBe(0);
  });

  it.each<[string, readonly string[], () => Iterable<Uint8Array>, object]>([
    [
      '150 packages of 15 KB with a megabyte of replaces each',
      [],
      () => form(150, (n) => [withMegabyteOfReplaces(n)]),
      refused(400, 'PACKAGE_MALFORMED'),
    ],
    [
      '150 packages with all that one may say of itself',
      [],
      () => form(150, (n) => [withManyTokens(n)]),
      refused(413, 'SIZE_EXCEEDED'),
    ],
    [
      '300 files of 0.95 MB',
      ['--max-package-size', '1MiB'],
      () => form(300, (n) => [anApk({ name: `b${n}`, version: '1-r0', dataBytes: 950_000 })]),
      refused(413, 'SIZE_EXCEEDED'),
    ],
    [
      'a field of 100 MB',
      [],
      () => form(1, () => Array<Piece>(100).fill(Buffer.alloc(1e6, 'x')), false),
      refused(413, 'SIZE_EXCEEDED'),
    ],
  ])('refuses %s, however many send such at once', async (_what, flags, pieces, refusal) => {
    const lkard = await smallLkard(...flags);
    const answers = await Promise.all(Array.from({ length: 6 }, () => push(lkard, pieces())));
    expect(answers).toEqual(answers.map(() => refusal));
    expect(
      (
        await push(
          lkard,
          form(1, () => [anApk({ name: 'good', version: '1-r0' })]),
        )
      ).status,
    ).toBe(201);
    expect(peakMebibytes(lkard)).toBeLessThan(256);
    expect(await lkard.stop()).toBe(0);
  });

  it('takes v3 packages of as many files as one may have, several at once, and lists them', async () => {
    const lkard = await smallLkard('--upload-wait', '120s');
    const branches = ['a', 'b', 'c', 'd', 'e', 'f'];
    const bytes = deflated(withManyFiles('demo'));
    const pushes = branches.map((branch) => push(lkard, [bytes], 'application/octet-stream', branch));
    expect((await Promise.all(pushes)).map(({ status }) => status)).toEqual(branches.map(() => 201));
    const pages = branches.map(async (branch) => {
      const query = 'package=demo&version=1.0-r0&arch=x86_64&view=files';
      const page = await request(`${lkard.url}/team/app/${branch}/main?${query}`, { headers: { accept: 'text/html' } });
      await page.body.dump({ limit: 2 ** 30 });
      return page.statusCode;
    });
    expect(await Promise.all(pages)).toEqual(branches.map(() => 200));
    expect(peakMebibytes(lkard)).toBeLessThan(256);
    expect(await lkard.stop()).toBe(0);
  });

  it('gives who asks the index and the list of 20,000 packages, several at once', async () => {
    const folder = await makeTempDir();
    ends.push(() => folder.remove());
    const group = { image: 'team/app', branch: 'edge', repository: 'main', architecture: 'x86_64' };
    seedPackages(embeddedFolder(path.join(folder.path, 'data'), 'team/app'), group, 20_000);
    const lkard = await smallLkardOn(folder);
    const sizeOf = async (of: string, accept: string) => {
      const { statusCode, body } = await request(`${lkard.url}${of}`, { headers: { accept }, headersTimeout: 200_000 });
      let bytes = 0;
      for await (const piece of body) bytes += (piece as Uint8Array).length;
      return { statusCode, isLarge: bytes > 500_000 };
    };
    const [index, v3] = ['APKINDEX.tar.gz', 'Packages.adb'].map((name) => `/apk/team/app/edge/main/x86_64/${name}`);
    expect(await sizeOf(index!, '*/*')).toEqual({ statusCode: 200, isLarge: true });
    const asked = [index!, v3!, '/_packages/apk/team/app', '/_packages/apk/team/app', '/team/app/edge/main?q=a'];
    const answers = await Promise.all(
      [...asked, ...asked].map((of) => sizeOf(of, of.includes('?') ? 'text/html' : '*/*')),
    );
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(answers.map(() => 200));
    expect(peakMebibytes(lkard)).toBeLessThan(256);
    expect(await lkard.stop()).toBe(0);
  });

  it('takes 1,000 files in one form, and several such forms at once', async () => {
    const lkard = await smallLkard();
    const forms = ['a', 'b'].map((letter) =>
      push(
        lkard,
        form(1000, (n) => [anApk({ name: `${letter}${n}`, version: '1-r0', dataBytes: 20_000 })]),
      ),
    );
    expect((await Promise.all(forms)).map(({ status }) => status)).toEqual([201, 201]);
    expect(peakMebibytes(lkard)).toBeLessThan(256);
    expect(await lkard.stop()).toBe(0);
  });
});
