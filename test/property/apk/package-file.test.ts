import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPackage } from '../../../src/apk/package/package-file.ts';
import { GatewayError } from '../../../src/errors.ts';
import { anApk } from '../../support/an-apk.ts';
import { chunked, fixtures, readFixture } from '../../unit/apk/fixtures.ts';

/** All that a caller could see of reading a file. */
async function outcomeOf(bytes: Uint8Array, sizes: readonly number[]): Promise<unknown> {
  try {
    return await readPackage(chunked(bytes, sizes));
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return `${error.code} ${error.message}`;
  }
}

const files = [...fixtures('good/', '.apk'), ...fixtures('broken/', '.apk')].map(({ path }) => path);
const small = files.filter((path) => readFixture(path).length < 1000);

describe('reading a package', () => {
  it('gives the same result in chunks of any size', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), sizes, async (path, chunkSizes) => {
        const bytes = readFixture(path);
        expect(await outcomeOf(bytes, chunkSizes)).toEqual(await outcomeOf(bytes, [bytes.length || 1]));
      }),
      { numRuns: 200 },
    );
  });

  it('gives the same result byte by byte', async () => {
    for (const path of small) {
      const bytes = readFixture(path);
      expect([path, await outcomeOf(bytes, [1])]).toEqual([path, await outcomeOf(bytes, [1000])]);
    }
  });

  it('refuses or describes whatever was changed, and never takes changed sections', async () => {
    const good = anApk({ name: 'demo', version: '1.0-r0', depends: ['a'], dataBytes: 500 });
    const identity = (await readPackage(chunked(good))).identity;
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (offset, change) => {
        const bytes = Buffer.from(good);
        bytes[offset] = bytes[offset]! ^ change;
        const outcome = await outcomeOf(bytes, [bytes.length]);
        // Times and flags of the control member's gzip header change its identity and harm nobody.
        if (typeof outcome !== 'string') expect(outcome).not.toMatchObject({ identity });
      }),
      { numRuns: 300 },
    );
  });
});
