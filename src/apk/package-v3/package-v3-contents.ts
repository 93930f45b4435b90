import { GatewayError } from '../../errors.ts';
import { createContainerReader, type ContainerHandler } from '../adb/container-reader.ts';
import { decode, listItems } from '../adb/decode.ts';
import { nullWord } from '../adb/layout.ts';
import { defaultAdbLimits } from '../adb/limits.ts';
import { openPayload, type PayloadReader } from '../adb/payload-reader.ts';
import type { Schema } from '../adb/schema.ts';
import { directorySchema, fileSchema, type AdbFile } from '../adb/schemas.ts';
import type { ContentsOptions, InstalledFile } from '../package/package-contents.ts';
import { decodeText } from '../text.ts';

// Slots of a package and of a directory (docs/adb.md, 4)
const pathsSlot = 2;
const directorySlots = { name: 1, acl: 2, files: 3 };
const defaultMaxEntries = 1_000_000;
const kinds = new Map<number, InstalledFile['kind']>([
  [0x8000, 'hardlink'],
  [0xa000, 'symlink'],
]);

/**
 * What a v3 package would put into a client's file system, in its order; no more of the source is read than its payload. The
 * package must be one that was read and found good: of its faults only those that end the reading are reported (PACKAGE_MALFORMED).
 */
export async function* listPackageV3Contents(
  source: AsyncIterable<Uint8Array>,
  { maxEntries = defaultMaxEntries }: ContentsOptions = {},
): AsyncGenerator<InstalledFile, void, undefined> {
  const payload = await readPayload(source);
  const reader = openPayload(payload, { ...defaultAdbLimits, maxValueBytes: Infinity }, malformed);
  let count = 0;
  for (const file of filesOf(reader)) {
    count += 1;
    if (count > maxEntries) throw new GatewayError('SIZE_EXCEEDED', `over ${maxEntries} files and directories`);
    yield file;
  }
}

async function readPayload(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  let found: Uint8Array | undefined;
  const handler: ContainerHandler = {
    schema: () => undefined,
    payload: (payload) => (found = payload),
    beginData: () => undefined,
    data: () => undefined,
    endData: () => undefined,
  };
  const container = createContainerReader(handler, defaultAdbLimits, malformed);
  try {
    for await (const chunk of source) {
      await container.write(chunk);
      if (found !== undefined) return found;
    }
    throw malformed('no payload');
  } finally {
    container.close();
  }
}

function* filesOf(reader: PayloadReader): Generator<InstalledFile, void, undefined> {
  const paths = slotAt(reader, reader.root, pathsSlot);
  for (const word of listItems(reader, paths, malformed)) {
    const folder = valueAt(directorySchema.fields.name, reader, word, directorySlots.name);
    const acl = valueAt(directorySchema.fields.acl, reader, word, directorySlots.acl);
    if (folder !== undefined) yield { path: folder, kind: 'directory', size: 0, mode: modeOf(acl?.mode) };
    // One by one: a directory may have as many as a package.
    for (const file of listItems(reader, slotAt(reader, word, directorySlots.files), malformed))
      yield fileEntry(folder, decode(fileSchema, reader, file, malformed));
  }
}

function valueAt<S extends Schema>(schema: S, reader: PayloadReader, record: number, slot: number) {
  const word = slotAt(reader, record, slot);
  return word === nullWord ? undefined : decode(schema, reader, word, malformed);
}

function slotAt(reader: PayloadReader, record: number, slot: number): number {
  return slot < reader.slotCount(record) ? reader.slot(record, slot) : nullWord;
}

function fileEntry(folder: string | undefined, { name = '', acl, size, target }: AdbFile): InstalledFile {
  const path = folder === undefined ? name : `${folder}/${name}`;
  const mode = modeOf(acl?.mode);
  if (target === undefined) return { path, kind: 'file', size: Number(size ?? 0), mode };
  const kind = kinds.get((target[0] ?? 0) | ((target[1] ?? 0) << 8));
  if (kind === undefined) return { path, kind: 'other', size: 0, mode };
  return { path, kind, size: 0, mode, target: decodeText(target.subarray(2)).text };
}

function modeOf(mode: number | bigint = 0): number {
  return Number(mode) & 0o7777;
}

function malformed(what: string, cause?: unknown): GatewayError {
  return new GatewayError('PACKAGE_MALFORMED', `contents: ${what}`, cause === undefined ? {} : { cause });
}
