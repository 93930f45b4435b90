import { createHash, type KeyObject } from 'node:crypto';
import { GatewayError } from '../../errors.ts';
import { deflateAdbFile, formatAdbFile } from '../adb/adb-file.ts';
import { createContainerReader, type AdbContainer } from '../adb/container-reader.ts';
import { decode } from '../adb/decode.ts';
import { schemaNames } from '../adb/layout.ts';
import { defaultIndexLimits, type AdbLimits } from '../adb/limits.ts';
import { openPayload } from '../adb/payload-reader.ts';
import { indexSchema, type AdbIndex } from '../adb/schemas.ts';
import { isSignedBy, payloadDigests, signAdb } from '../adb/signature.ts';
import type { IndexV3Entry } from './index-v3-entry.ts';
import { formatIndexV3Payload, type IndexV3About } from './index-v3-payload.ts';

/** Both halves of a key that signs: RSA, or EC, whose signatures differ each time. */
export interface IndexV3Key {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** A Packages.adb taken apart; of its container, `signatures` may be wrong: see `isIndexV3Trusted`. */
export interface IndexV3File {
  readonly index: AdbIndex;
  readonly container: AdbContainer;
}

// Bytes that are hashed before others get their turn.
const hashTurnBytes = 4 * 2 ** 20;

/**
 * A signed Packages.adb (docs/adb.md, 1 to 8) that lists `entries`, which must be in the order of `compareIndexEntries`. With
 * RSA keys the same entries, words and keys make the same bytes. Others get their turns on the main thread meanwhile.
 */
export async function makeIndexV3File(
  entries: Iterable<IndexV3Entry>,
  about: IndexV3About,
  keys: readonly IndexV3Key[],
): Promise<Uint8Array> {
  const payload = await inTurns(formatIndexV3Payload(entries, about));
  const digests = payloadDigests(await digestOf('sha256', payload), await digestOf('sha512', payload));
  const signed = { schema: schemaNames.index, digests };
  const signatures = await Promise.all(keys.map((key) => signAdb(signed, key.privateKey, key.publicKey)));
  return deflateAdbFile(formatAdbFile(schemaNames.index, payload, signatures));
}

/** Reads a whole Packages.adb. Rejects with INDEX_MALFORMED for what isn't one, and for one without a signature. */
export async function readIndexV3File(file: Uint8Array, options: Partial<AdbLimits> = {}): Promise<IndexV3File> {
  const limits = { ...defaultIndexLimits, ...options };
  const reader = createContainerReader(indexHandler, limits, malformed);
  try {
    await reader.write(file);
    const container = await reader.end();
    if (container.signatures.length === 0) throw malformed('no signature');
    const payload = openPayload(container.payload, limits, malformed);
    return { index: decode(indexSchema, payload, payload.root, malformed), container };
  } finally {
    reader.close();
  }
}

/** The identities of the v3 packages that an index lists. */
export function v3Identities({ index }: IndexV3File): readonly string[] {
  const hashes = (index.packages ?? []).map((pkg) => pkg.hashes ?? Buffer.alloc(0));
  return hashes.filter(({ length }) => length === 32).map((hash) => `Q2${Buffer.from(hash).toString('base64')}`);
}

/** Whether a client that has these keys would trust the index: one right signature is enough, wrong ones are passed over. */
export function isIndexV3Trusted({ container }: IndexV3File, keys: Iterable<KeyObject>): boolean {
  return [...keys].some((key) => container.signatures.some((signature) => isSignedBy(container, signature, key)));
}

const indexHandler = {
  schema(name: string) {
    if (name !== schemaNames.index) throw malformed(`its schema is ${JSON.stringify(name)}, not that of an index`);
  },
  payload: () => undefined,
  beginData() {
    throw malformed('data in an index');
  },
  data: () => undefined,
  endData: () => undefined,
};

async function inTurns<T>(turns: Generator<undefined, T, undefined>): Promise<T> {
  for (;;) {
    const { done, value } = turns.next();
    if (done === true) return value;
    await new Promise(setImmediate);
  }
}

async function digestOf(algorithm: 'sha256' | 'sha512', bytes: Uint8Array): Promise<Buffer> {
  const hash = createHash(algorithm);
  for (let at = 0; at < bytes.length; at += hashTurnBytes) {
    hash.update(bytes.subarray(at, at + hashTurnBytes));
    await new Promise(setImmediate);
  }
  return hash.digest();
}

function malformed(what: string, cause?: unknown): GatewayError {
  return new GatewayError('INDEX_MALFORMED', `index: ${what}`, cause === undefined ? {} : { cause });
}
