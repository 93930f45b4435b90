import { createHash, type KeyObject } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { formatAdbFile, type DataBlock } from '../../src/apk/adb/adb-file.ts';
import { parseDependencyToken } from '../../src/apk/adb/adb-dependency.ts';
import { encode } from '../../src/apk/adb/encode.ts';
import { schemaNames, type SchemaName } from '../../src/apk/adb/layout.ts';
import { createPayloadWriter } from '../../src/apk/adb/payload-writer.ts';
import { packageSchema, type AdbDirectory, type AdbPackage, type AdbPackageInfo } from '../../src/apk/adb/schemas.ts';
import { payloadDigests, signAdb } from '../../src/apk/adb/signature.ts';

export interface V3ApkOptions {
  readonly name?: string;
  readonly version?: string;
  readonly arch?: string;
  readonly depends?: readonly string[];
  /** Other fields of its info, as they are. */
  readonly info?: AdbPackageInfo;
  /** Path to content; default one small file. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Instead of what `files` would make. */
  readonly paths?: readonly AdbDirectory[];
  /** Instead of what `files` would make. */
  readonly data?: readonly DataBlock[];
}

/** The parts of a v3 package: its root, its payload, its data. */
export function v3Parts(options: V3ApkOptions = {}) {
  const { name = 'demo', version = '1.0-r0', arch = 'x86_64', depends = [], info = {} } = options;
  const files = Object.entries(options.files ?? { 'usr/bin/demo': '#!/bin/sh\n' });
  const paths = options.paths ?? pathsOf(files);
  const root: AdbPackage = {
    info: {
      ...{ name, version, hashes: Buffer.alloc(20, 1), description: 'a test package', arch, license: 'MIT' },
      installedSize: Math.max(
        1,
        files.reduce((sum, [, content]) => sum + content.length, 0),
      ),
      ...(depends.length > 0 && { depends: depends.map(parseDependencyToken) }),
      ...info,
    },
    ...(paths.length > 0 && { paths }),
  };
  return { root, payload: v3Payload(root), data: options.data ?? dataOf(files) };
}

/** The payload of a package with this root. */
export function v3Payload(root: AdbPackage): Uint8Array {
  const writer = createPayloadWriter();
  return writer.finish(encode(packageSchema, root, writer));
}

/** A whole v3 package, plain and unsigned. */
export function aV3Apk(options: V3ApkOptions = {}): Buffer {
  const { payload, data } = v3Parts(options);
  return v3File(payload, { data });
}

/** A file of these parts, plain. */
export function v3File(
  payload: Uint8Array,
  parts: { schema?: SchemaName; signatures?: readonly Uint8Array[]; data?: readonly DataBlock[] } = {},
): Buffer {
  const { schema = schemaNames.package, signatures = [], data = [] } = parts;
  return Buffer.concat(formatAdbFile(schema, payload, signatures, data));
}

/** The payload of a signature block over a package's payload. */
export async function v3Signature(
  payload: Uint8Array,
  keys: { privateKey: KeyObject; publicKey: KeyObject },
): Promise<Uint8Array> {
  const digest = (algorithm: string) => createHash(algorithm).update(payload).digest();
  const digests = payloadDigests(digest('sha256'), digest('sha512'));
  return signAdb({ schema: schemaNames.package, digests }, keys.privateKey, keys.publicKey);
}

/** A plain file as `ADBd`. */
export function deflated(plain: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('ADBd'), deflateRawSync(plain)]);
}

const acl = { mode: 0o755, user: 'root', group: 'root' };

function pathsOf(files: readonly (readonly [path: string, content: string | Uint8Array])[]): AdbDirectory[] {
  return foldersOf(files).map((folder) => {
    const inside = files.filter(([path]) => folderOf(path) === folder);
    return {
      ...(folder !== '' && { name: folder }),
      acl,
      ...(inside.length > 0 && {
        files: inside.map(([path, content]) => ({
          name: path.slice(folder === '' ? 0 : folder.length + 1),
          acl: { ...acl, mode: 0o644 },
          size: Buffer.from(content).length,
          mtime: 1_700_000_000,
          hash: createHash('sha256').update(content).digest(),
        })),
      }),
    };
  });
}

function dataOf(files: readonly (readonly [path: string, content: string | Uint8Array])[]): DataBlock[] {
  return foldersOf(files).flatMap((folder, directory) =>
    files
      .filter(([path]) => folderOf(path) === folder)
      .map(([, content], file) => ({ directory: directory + 1, file: file + 1, content: Buffer.from(content) }))
      .filter(({ content }) => content.length > 0),
  );
}

function foldersOf(files: readonly (readonly [path: string, content: string | Uint8Array])[]): string[] {
  return [...new Set(files.map(([path]) => folderOf(path)))].sort();
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
