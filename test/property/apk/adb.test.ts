import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isGatewayError } from '../../../src/errors.ts';
import { dependencyToken, parseDependencyToken } from '../../../src/apk/adb/adb-dependency.ts';
import { formatAdbFile } from '../../../src/apk/adb/adb-file.ts';
import { decode } from '../../../src/apk/adb/decode.ts';
import { encode } from '../../../src/apk/adb/encode.ts';
import { defaultIndexLimits } from '../../../src/apk/adb/limits.ts';
import { openPayload } from '../../../src/apk/adb/payload-reader.ts';
import { createPayloadWriter } from '../../../src/apk/adb/payload-writer.ts';
import type { Schema, ValueOf } from '../../../src/apk/adb/schema.ts';
import { indexSchema, packageSchema } from '../../../src/apk/adb/schemas.ts';
import { readIndexV3File } from '../../../src/apk/index-v3/index-v3-file.ts';
import { listPackageV3Contents } from '../../../src/apk/package-v3/package-v3-contents.ts';
import { readPackageV3 } from '../../../src/apk/package-v3/package-v3-file.ts';
import { aV3Apk, deflated, v3Payload } from '../../support/a-v3-apk.ts';
import { chunked, fixtures, readFixture } from '../../unit/apk/fixtures.ts';

const faultOf = (what: string) => new Error(what);

/** Any value of a schema that can be written without loss: nothing in it is null. */
function valueArbitrary(schema: Schema): fc.Arbitrary<unknown> {
  switch (schema.kind) {
    case 'integer':
      return fc.oneof(
        fc.nat(),
        fc.maxSafeNat(),
        fc.bigInt({ min: BigInt(Number.MAX_SAFE_INTEGER) + 1n, max: 2n ** 64n - 1n }),
      );
    case 'text':
      return fc.oneof(
        fc.string({ minLength: 1, unit: 'grapheme' }),
        fc.string({ minLength: 250, maxLength: 260 }),
        fc.constantFrom('x'.repeat(65_536), 'root'),
      );
    case 'bytes':
      return fc.uint8Array({ minLength: 1, maxLength: 300 });
    case 'list':
      return fc.array(valueArbitrary(schema.item), { minLength: 1, maxLength: 4 });
    case 'record': {
      const fields = Object.entries(schema.fields).map(([name, field]) => [name, valueArbitrary(field)] as const);
      const record = fc.record(Object.fromEntries(fields), { requiredKeys: [] });
      return record.filter((value) => Object.keys(value).length > 0);
    }
  }
}

function rewritten<S extends Schema>(schema: S, value: ValueOf<S>): ValueOf<S> {
  const writer = createPayloadWriter();
  const payload = writer.finish(encode(schema, value, writer));
  const reader = openPayload(payload, { ...defaultIndexLimits, maxValueBytes: Infinity }, faultOf);
  return decode(schema, reader, reader.root, faultOf);
}

/** Bytes may be of one class or the other; as hex they can be compared. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, comparable(item)]));
}

describe('a payload', () => {
  it.each([
    ['a package', packageSchema],
    ['an index', indexSchema],
  ] as const)('is read as it was written, whatever the values: %s', (_, schema) => {
    fc.assert(
      fc.property(valueArbitrary(schema), (value) => {
        expect(comparable(rewritten(schema, value as never))).toEqual(comparable(value));
      }),
      { numRuns: 60 },
    );
  });

  it('is the same bytes for the same value', () => {
    fc.assert(
      fc.property(valueArbitrary(packageSchema), (value) => {
        expect(Buffer.compare(v3Payload(value as never), v3Payload(structuredClone(value) as never))).toBe(0);
      }),
      { numRuns: 20 },
    );
  });
});

describe('a dependency', () => {
  it('is the same token once it was taken apart', () => {
    const name = fc.stringMatching(/^[a-z0-9+_.:/-]{1,20}$/);
    const operator = fc.constantFrom('=', '<', '<=', '>', '>=', '~', '<~', '>~', '><');
    const version = fc.stringMatching(/^[0-9a-z.-]{1,10}$/);
    const end = fc.option(fc.tuple(operator, version), { nil: undefined });
    fc.assert(
      fc.property(fc.boolean(), name, end, (isConflict, text, rest) => {
        const token = `${isConflict ? '!' : ''}${text}${rest?.join('') ?? ''}`;
        expect(dependencyToken(parseDependencyToken(token))).toBe(token);
      }),
    );
  });
});

describe('a damaged file', () => {
  const plain = [...fixtures('v3/', '.apk'), ...fixtures('v3/Packages', '.adb')].map(({ path }) => readFixture(path));
  const seeds = [...plain, aV3Apk({ files: { 'a/b': 'c', 'd/e': 'f'.repeat(5000) } })];
  const mutation = fc.record({
    seed: fc.nat(seeds.length - 1),
    changes: fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), fc.nat(255)), {
      minLength: 1,
      maxLength: 6,
    }),
    cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined, freq: 4 }),
  });

  const damaged = ({ seed, changes, cut }: { seed: number; changes: [number, number][]; cut: number | undefined }) => {
    const bytes = Buffer.from(seeds[seed]!);
    for (const [at, value] of changes) bytes[Math.floor(at * bytes.length)] = value;
    return bytes.subarray(0, cut === undefined ? bytes.length : Math.floor(cut * bytes.length));
  };

  /** What is refused is refused in the one way there is; all else is sound. */
  async function expectGatewayErrorIfAny(work: Promise<unknown>): Promise<void> {
    const error: unknown = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error === undefined || isGatewayError(error), String(error)).toBe(true);
  }

  it('is read or refused as a package, never anything else', async () => {
    await fc.assert(
      fc.asyncProperty(mutation, (one) => expectGatewayErrorIfAny(readPackageV3(chunked(damaged(one), [100])))),
      { numRuns: 300 },
    );
  });

  it('is listed or refused, never anything else', async () => {
    const listed = async (bytes: Uint8Array) => {
      for await (const file of listPackageV3Contents(chunked(bytes))) expect(file.path).toBeTypeOf('string');
    };
    await fc.assert(
      fc.asyncProperty(mutation, (one) => expectGatewayErrorIfAny(listed(damaged(one)))),
      { numRuns: 200 },
    );
  });

  it('is read or refused as an index, never anything else', async () => {
    await fc.assert(
      fc.asyncProperty(mutation, (one) => expectGatewayErrorIfAny(readIndexV3File(damaged(one)))),
      { numRuns: 300 },
    );
  });

  it('is read or refused with a payload of any words, compressed too', async () => {
    const words = fc.array(
      fc.oneof(
        fc.tuple(fc.constantFrom(0x1, 0x2, 0x3, 0x8, 0x9, 0xa, 0xd, 0xe), fc.nat(300)).map(([t, x]) => t * 2 ** 28 + x),
        fc.nat(40),
      ),
      { minLength: 2, maxLength: 80 },
    );
    await fc.assert(
      fc.asyncProperty(words, fc.constantFrom('pckg', 'indx'), async (all, schema) => {
        const payload = Buffer.alloc(all.length * 4);
        for (const [i, word] of all.entries()) payload.writeUInt32LE(i === 0 ? 0 : word, i * 4);
        const file = deflated(Buffer.concat(formatAdbFile(schema, payload, [Buffer.alloc(30)])));
        await expectGatewayErrorIfAny(readPackageV3(chunked(file)));
        await expectGatewayErrorIfAny(readIndexV3File(file));
      }),
      { numRuns: 500 },
    );
  });
});
