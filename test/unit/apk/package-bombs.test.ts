import { describe, expect, it } from 'vitest';
import { readPackage } from '../../../src/apk/package/package-file.ts';
import {
  controlOfFiles,
  packageAround,
  packageInfoOfOneLine,
  packageOfFolders,
  repeatedMember,
} from '../../support/hostile-packages.ts';

async function* sent(pieces: Iterable<Uint8Array>, count: { pieces: number } = { pieces: 0 }) {
  for (const piece of pieces) {
    count.pieces += 1;
    // As from a socket: others get their turn.
    yield await Promise.resolve(piece);
  }
}

// The same over HTTP, in their full size: test/integration/security/hostile-packages.test.ts
describe('a small file that stands for a huge one', () => {
  it('of a million entries is read without looking at each', { timeout: 60_000 }, async () => {
    expect((await readPackage(sent(packageOfFolders(1_000_000)))).fileName).toBe('a-1-r0.apk');
  });

  it('is refused past the limit of its data', async () => {
    const count = { pieces: 0 };
    const pieces = packageAround(repeatedMember(Buffer.alloc(2 ** 20), 64));
    const reading = readPackage(sent(pieces, count), { maxDataBytes: 4 * 2 ** 20 });
    await expect(reading).rejects.toMatchObject({ code: 'PACKAGE_MALFORMED' });
    expect(count.pieces).toBeLessThan(20);
  });

  it('of ten million entries in front of its data is refused at the first few', async () => {
    const count = { pieces: 0 };
    const reading = readPackage(sent(controlOfFiles(10_000_000), count));
    await expect(reading).rejects.toMatchObject({ code: 'PACKAGE_MALFORMED' });
    expect(count.pieces).toBeLessThan(10);
  });

  it('with a line of 2 GB in .PKGINFO is refused by its size, or at the limit where the size lies', async () => {
    const count = { pieces: 0 };
    const reading = readPackage(sent(packageInfoOfOneLine(2048), count));
    await expect(reading).rejects.toMatchObject({ code: 'PACKAGE_MALFORMED' });
    expect(count.pieces).toBeLessThan(12);
  });
});
