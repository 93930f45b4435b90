import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** One file of test data and what is to be said of it; `why` gives the words that an answer must hold. */
export interface Fixture {
  readonly path: string;
  readonly what: string;
  readonly verdict?: string;
  readonly why?: string;
  readonly record?: string;
}

const root = resolve(import.meta.dirname, '../../..');

/** Test data made for this project. */
export const fixtureFolder = join(root, 'test/fixtures');

/** Public test data of other projects, which is not part of this one; only some machines have it. */
export const sharedFolder = resolve(root, process.env['LKARD_SHARED_FIXTURES'] ?? '../shared/fixtures');

/** A test's name says what was missing where it is skipped. */
export const hasShared = existsSync(join(sharedFolder, 'indexes/real'));

export function readFixture(path: string, folder = fixtureFolder): Buffer {
  return readFileSync(join(folder, path));
}

export function readJson(path: string, folder = fixtureFolder): unknown {
  return JSON.parse(readFixture(path, folder).toString('utf8'));
}

export function fixtures(prefix: string, suffix: string, folder = fixtureFolder): Fixture[] {
  const { files } = readJson('manifest.json', folder) as { files: Fixture[] };
  return files.filter(({ path }) => path.startsWith(prefix) && path.endsWith(suffix));
}

/** The keys that a client in the tests has, by file name. */
export function trustedKeys(): Map<string, KeyObject> {
  const names = readdirSync(join(fixtureFolder, 'keys')).filter(
    (name) => name.endsWith('.rsa.pub') && !name.includes('untrusted'),
  );
  const keys = new Map(names.map((name) => [name, createPublicKey(readFixture(`keys/${name}`))]));
  return keys.set('test-only-p256.rsa.pub', createPublicKey(readFixture('keys/test-only-p256.pub.pem')));
}

/** `bytes` in pieces of the given sizes, the last size repeated. */
export async function* chunked(bytes: Uint8Array, sizes: readonly number[] = [65536]): AsyncGenerator<Uint8Array> {
  for (let offset = 0, turn = 0; offset < bytes.length; turn += 1) {
    const size = sizes[Math.min(turn, sizes.length - 1)]!;
    yield await Promise.resolve(bytes.subarray(offset, offset + size));
    offset += size;
  }
}
