import { listItems } from '../adb/decode.ts';
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
const directorySlots = { name: 1, acl: 2, files: 3 };
const fileSlots = { name: 1, acl: 2, size: 3, mtime: 4, hash: 5, target: 6 };
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
    const slotOf = slotsOf(reader, word, Object.keys(directorySlots).length);
    assertPath(reader.blob(slotOf(directorySlots.name)), faultOf);
    checkAcl(slotOf(directorySlots.acl));
    for (const [index, file] of listItems(reader, slotOf(directorySlots.files), faultOf).entries()) {
      count();
      const { size, hash } = readFile(reader, file, checkAcl, faultOf);
      if (hash !== undefined && size > 0) yield { directory, file: index + 1, size, hash };
    }
  }
}

/** `hash` is undefined for links and devices. */
function readFile(reader: PayloadReader, word: number, checkAcl: (acl: number) => void, faultOf: FaultOf) {
  const slotOf = slotsOf(reader, word, Object.keys(fileSlots).length);
  assertFileName(reader.blob(slotOf(fileSlots.name)), faultOf);
  checkAcl(slotOf(fileSlots.acl));
  const size = numberAt(reader, slotOf(fileSlots.size));
  const time = slotOf(fileSlots.mtime);
  if (time !== nullWord) reader.integer(time);
  if (typeof size !== 'number') throw faultOf(`a file of ${size} bytes`);
  const hash = reader.blob(slotOf(fileSlots.hash));
  const target = slotOf(fileSlots.target);
  if (target !== nullWord) {
    assertTarget(reader.blob(target), faultOf);
    return { size, hash: undefined };
  }
  if (!hashLengths.has(hash.length)) throw faultOf('a file without a hash');
  return { size, hash };
}

/** Looks up slots of a record, those that aren't there as null, and checks the ones behind `known`. */
function slotsOf(reader: PayloadReader, word: number, known: number): (slot: number) => number {
  const end = reader.slotCount(word);
  for (let slot = known + 1; slot < end; slot += 1) reader.check(reader.slot(word, slot));
  return (slot) => (slot < end ? reader.slot(word, slot) : nullWord);
}

/** Nearly all files share one or two of them, so each is checked once. */
function createAclCheck(reader: PayloadReader): (acl: number) => void {
  const checked = new Set([nullWord]);
  return (acl) => {
    if (checked.has(acl)) return;
    const slotOf = slotsOf(reader, acl, 4);
    numberAt(reader, slotOf(1));
    reader.blob(slotOf(2));
    reader.blob(slotOf(3));
    const xattrs = slotOf(4);
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
