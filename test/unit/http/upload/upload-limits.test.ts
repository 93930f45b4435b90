import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { receiveUpload, type UploadOptions } from '../../../../src/http/upload/upload.ts';
import { anApk } from '../../../support/an-apk.ts';

const options: UploadOptions = {
  maxPackageBytes: 100_000,
  maxUploadBytes: 400_000,
  maxHeldBytes: 200_000,
  memoryBytes: 50_000,
  directory: tmpdir(),
};
const boundary = 'border';
const end = `--${boundary}--\r\n`;
const megabyte = Buffer.alloc(1_000_000, 'x');

type Piece = string | Uint8Array;

function* part(head: string, ...content: readonly Piece[]): Generator<Piece> {
  yield `--${boundary}\r\n${head}\r\n\r\n`;
  yield* content;
  yield '\r\n';
}

const filePart = (content: Uint8Array, name = 'x.apk') =>
  part(`Content-Disposition: form-data; name="file"; filename="${name}"`, content);
const fieldPart = (...content: readonly Piece[]) => part('Content-Disposition: form-data; name="note"', ...content);

/** Receives a form made of these pieces; `sent` is how many bytes of it were asked for. */
async function receiveForm(pieces: Iterable<Piece>, given: Partial<UploadOptions> = {}) {
  let sent = 0;
  function* counted() {
    for (const piece of pieces) {
      const bytes = Buffer.from(piece);
      sent += bytes.length;
      yield bytes;
    }
  }
  const body = Readable.from(counted(), { highWaterMark: 1 });
  const type = `multipart/form-data; boundary=${boundary}`;
  try {
    const upload = await receiveUpload(body, type, { ...options, ...given });
    await upload.release();
    return { outcome: upload.packages.map(({ summary }) => summary.fileName), sent };
  } catch (error) {
    return { outcome: (error as { code: string }).code, sent };
  }
}

const aPackage = (name: string, pkginfo: readonly string[] = [], dataBytes = 10) =>
  anApk({ name, version: '1-r0', dataBytes, pkginfo: ['license = MIT', ...pkginfo] });

function* forms(count: number, one: (index: number) => Iterable<Piece>): Generator<Piece> {
  for (let index = 0; index < count; index += 1) yield* one(index);
  yield end;
}

describe('a form is bounded in all, not for each part', () => {
  it.each<[string, () => Iterable<Piece>, string]>([
    ['its files together', () => forms(10, (n) => filePart(aPackage(`a${n}`, [], 60_000))), 'SIZE_EXCEEDED'],
    ['one field of 100 MB', () => forms(1, () => fieldPart(...Array<Piece>(100).fill(megabyte))), 'SIZE_EXCEEDED'],
    ['a hundred fields of 1 MB', () => forms(100, () => fieldPart(megabyte)), 'SIZE_EXCEEDED'],
    ['more fields than any form has', () => forms(5000, () => fieldPart('x')), 'REQUEST_INVALID'],
    ['a part that is neither', () => forms(1, () => part('X: y', ...Array<Piece>(9).fill(megabyte))), 'SIZE_EXCEEDED'],
    ['parts that are neither', () => forms(5000, () => part('X: y')), 'REQUEST_INVALID'],
    [
      'a part whose head has no end',
      () => [`--${boundary}\r\nX: `, ...Array<Piece>(9).fill(megabyte)],
      'SIZE_EXCEEDED',
    ],
    [
      'what stands in front',
      () => [...Array<Piece>(9).fill(megabyte), '\r\n', ...filePart(aPackage('a')), end],
      'SIZE_EXCEEDED',
    ],
    ['what comes behind', () => [...filePart(aPackage('a')), end, ...Array<Piece>(9).fill(megabyte)], 'SIZE_EXCEEDED'],
    ['heads of parts', () => forms(200, (n) => filePart(aPackage(`a${n}`), 'n'.repeat(60_000))), 'SIZE_EXCEEDED'],
  ])('%s', async (_what, pieces, code) => {
    const { outcome, sent } = await receiveForm(pieces());
    expect(outcome).toBe(code);
    expect(sent).toBeLessThan(5_000_000);
  });

  it('a thousand files are taken, one more is not', async () => {
    const content = aPackage('a');
    const roomy = { maxUploadBytes: 10_000_000, maxHeldBytes: 10_000_000 };
    const whole = await receiveForm(
      forms(1000, () => filePart(content)),
      roomy,
    );
    expect(whole.outcome).toHaveLength(1000);
    const over = await receiveForm(
      forms(1001, () => filePart(content)),
      roomy,
    );
    expect(over.outcome).toBe('REQUEST_INVALID');
  });

  it.each<[string, readonly string[]]>([
    ['tokens of a list', [`replaces = ${Array.from({ length: 900 }, (_, n) => `r${n}`).join(' ')}`]],
    ['a long text', [`packager = ${'p'.repeat(15_000)}`]],
    ['warnings', Array.from({ length: 20 }, (_, n) => `provides = ${n}${'p'.repeat(240)}>1`)],
  ])('what its packages say of themselves: %s', async (_what, pkginfo) => {
    const form = (count: number) => forms(count, (n) => filePart(aPackage(`a${n}`, pkginfo)));
    expect((await receiveForm(form(2))).outcome).toHaveLength(2);
    expect((await receiveForm(form(20))).outcome).toBe('SIZE_EXCEEDED');
  });
});
