import { nullWord } from '../adb/layout.ts';
import type { FaultOf, PayloadReader } from '../adb/payload-reader.ts';

/** A file whose content must stand in the next data block (docs/adb.md, 5). */
export interface ExpectedFile {
  /** Of the directory in `paths` and of the file in it, from 1. */
  readonly directory: number;
  readonly file: number;
  readonly size: number;
  /** The digest of its content; its length tells the algorithm. */
  readonly hash: Uint8Array;
}

// Slots of a directory and of a file (docs/adb.md, 4)
const directorySlots = { name: 1, acl: 2, files: 3, last: 3 };
const fileSlots = { name: 1, acl: 2, size: 3, mtime: 4, hash: 5, target: 6, last: 6 };
const aclSlots = { mode: 1, user: 2, group: 3, xattrs: 4, last: 4 };
const devices = new Set([0x1000, 0x2000, 0x6000]);
const links = new Set([0x8000, 0xa000]);
const hashLengths = new Set([20, 32, 64]);
const maxTargetBytes = 4096;
const slash = 0x2f;

/**
 * Walks `paths`, a word of the payload, and checks all of it as it goes; yields the files that have content, in the order of
 * their data blocks. Throws what `faultOf` makes.
 */
export function* expectedFiles(
  reader: PayloadReader,
  paths: number,
  maxEntries: number,
  faultOf: FaultOf,
): Generator<ExpectedFile, void, undefined> {
  const checkAcl = createAclCheck(reader);
  let entries = 0;
  const count = (): void => {
    entries += 1;
    if (entries > maxEntries) throw faultOf(`over ${maxEntries} files and directories`);
  };
  for (let directory = 1, end = reader.slotCount(paths); directory < end; directory += 1) {
    count();
    const word = reader.slot(paths, directory);
    checkOthers(reader, word, directorySlots.last);
    assertPath(reader.blob(slotOf(reader, word, directorySlots.name)), faultOf);
    checkAcl(slotOf(reader, word, directorySlots.acl));
    const files = slotOf(reader, word, directorySlots.files);
    for (let file = 1, fileEnd = reader.slotCount(files); file < fileEnd; file += 1) {
      count();
      const { size, hash } = readFile(reader, reader.slot(files, file), checkAcl, faultOf);
      if (hash !== undefined && size > 0) yield { directory, file, size, hash };
    }
  }
}

/** `hash` is undefined for links and devices. */
function readFile(reader: PayloadReader, word: number, checkAcl: (acl: number) => void, faultOf: FaultOf) {
  checkOthers(reader, word, fileSlots.last);
  assertFileName(reader.blob(slotOf(reader, word, fileSlots.name)), faultOf);
  checkAcl(slotOf(reader, word, fileSlots.acl));
  const size = numberAt(reader, slotOf(reader, word, fileSlots.size));
  numberAt(reader, slotOf(reader, word, fileSlots.mtime));
  if (typeof size !== 'number') throw faultOf(`a file of ${size} bytes`);
  const hash = reader.blob(slotOf(reader, word, fileSlots.hash));
  const target = slotOf(reader, word, fileSlots.target);
  if (target !== nullWord) {
    assertTarget(reader.blob(target), faultOf);
    return { size, hash: undefined };
  }
  if (!hashLengths.has(hash.length)) throw faultOf('a file without a hash');
  return { size, hash };
}

/** The word in a slot of a record; null where the record has none. */
function slotOf(reader: PayloadReader, record: number, slot: number): number {
  return slot < reader.slotCount(record) ? reader.slot(record, slot) : nullWord;
}

/** Checks the slots that the schema doesn't know. */
function checkOthers(reader: PayloadReader, record: number, lastKnown: number): void {
  for (let slot = reader.slotCount(record) - 1; slot > lastKnown; slot -= 1) reader.check(reader.slot(record, slot));
}

/** Nearly all files share one or two of them, so each is checked once. */
function createAclCheck(reader: PayloadReader): (acl: number) => void {
  const checked = new Set([nullWord]);
  return (acl) => {
    if (checked.has(acl)) return;
    checkOthers(reader, acl, aclSlots.last);
    numberAt(reader, slotOf(reader, acl, aclSlots.mode));
    reader.blob(slotOf(reader, acl, aclSlots.user));
    reader.blob(slotOf(reader, acl, aclSlots.group));
    const xattrs = slotOf(reader, acl, aclSlots.xattrs);
    for (let index = reader.slotCount(xattrs) - 1; index > 0; index -= 1) reader.blob(reader.slot(xattrs, index));
    checked.add(acl);
  };
}

function numberAt(reader: PayloadReader, word: number): number | bigint {
  return word === nullWord ? 0 : reader.integer(word);
}

/** `usr/bin`: no empty part, which a leading `/` would make too, no `.` and no `..`; empty for the root. */
function assertPath(path: Uint8Array, faultOf: FaultOf): void {
  if (path.length === 0) return;
  for (let start = 0; start <= path.length;) {
    const end = path.indexOf(slash, start);
    const stop = end < 0 ? path.length : end;
    assertFileName(path.subarray(start, stop), faultOf);
    start = stop + 1;
  }
}

function assertFileName(name: Uint8Array, faultOf: FaultOf): void {
  const isDots = name.length <= 2 && name.every((byte) => byte === 0x2e);
  if (isDots || name.includes(0) || name.includes(slash))
    throw faultOf(`a path that leads elsewhere: ${JSON.stringify(Buffer.from(name.subarray(0, 80)).toString())}`);
}

/** A link's target, or a device's number (docs/adb.md, 4). */
function assertTarget(target: Uint8Array, faultOf: FaultOf): void {
  const mode = (target[0] ?? 0) | ((target[1] ?? 0) << 8);
  const isDevice = devices.has(mode) && target.length === 2 + 8;
  const isLink = links.has(mode) && target.length < maxTargetBytes + 2;
  if (!isDevice && !isLink) throw faultOf('a link or device that clients do not know');
}
