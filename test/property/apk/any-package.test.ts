import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAnyPackage } from '../../../src/apk/any-package.ts';
import { GatewayError } from '../../../src/errors.ts';
import { aV3Apk, deflated } from '../../support/a-v3-apk.ts';
import { chunked, fixtures, readFixture } from '../../unit/apk/fixtures.ts';

/** All that a caller could see of reading a file. */
async function outcomeOf(bytes: Uint8Array, sizes: readonly number[]): Promise<unknown> {
  try {
    return await readAnyPackage(chunked(bytes, sizes));
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return `${error.code} ${error.message}`;
  }
}

const v3Files = ['hello-1.2.3-r4', 'meta-1.0-r0', 'unsigned-1.0', 'zstd-1.0~abc123-r0'].map(
  (name) => `v3/v3-${name}.apk`,
);
const v3Broken = ['bad-truncated', 'bad-unknown-compression', 'Packages'].map((name) => `v3/${name}.adb`);
const v2Files = [...fixtures('good/', '.apk'), ...fixtures('broken/', '.apk')].map(({ path }) => path);

describe('reading a package of either format', () => {
  it('tells the format by its first bytes, in chunks of any size', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...v2Files, ...v3Files, ...v3Broken), sizes, async (path, chunkSizes) => {
        const bytes = readFixture(path);
        expect(await outcomeOf(bytes, chunkSizes)).toEqual(await outcomeOf(bytes, [bytes.length || 1]));
      }),
      { numRuns: 200 },
    );
    for (const path of v3Files) expect(await outcomeOf(readFixture(path), [1])).toMatchObject({ format: 'v3' });
    for (const path of v3Broken) expect(await outcomeOf(readFixture(path), [1])).toMatch(/^PACKAGE_MALFORMED/);
  });

  it.each([
    ['nothing', '', /^PACKAGE_MALFORMED the file is empty/],
    ['a first letter', 'A', /^PACKAGE_MALFORMED/],
    ['what two formats begin with', 'AD', /^PACKAGE_MALFORMED/],
    ['a name of the format and no more', 'ADB', /^PACKAGE_MALFORMED truncated/],
    ['an unknown variant', 'ADBx1234', /^PACKAGE_MALFORMED unknown compression/],
    ['another system', '!<arch>\ndebian-binary'.padEnd(600), /^PACKAGE_UNSUPPORTED .*Debian/],
  ])('has a reason for %s', async (_name, text, reason) => {
    expect(await outcomeOf(Buffer.from(text), [1])).toMatch(reason);
    expect(await outcomeOf(Buffer.from(text), [1000])).toMatch(reason);
  });

  it('refuses or describes whatever was changed, and never takes a changed payload or file for the same', async () => {
    const plain = aV3Apk({ depends: ['a>=1'], files: { 'usr/bin/demo': 'x'.repeat(500) } });
    const good = await readAnyPackage(chunked(plain));
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.nat(plain.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (isDeflated, offset, change) => {
          const bytes = Buffer.from(isDeflated ? deflated(plain) : plain);
          const at = offset % bytes.length;
          bytes[at] = bytes[at]! ^ change;
          const outcome = await outcomeOf(bytes, [bytes.length]);
          // Bits of the compressed form may change and stand for the same.
          if (typeof outcome !== 'string' && !isDeflated)
            expect(outcome).not.toMatchObject({ identity: good.identity });
        },
      ),
      { numRuns: 600 },
    );
  });
});
