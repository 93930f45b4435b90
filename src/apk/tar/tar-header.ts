import { decodeText } from '../text.ts';

/** Every part of a tar comes in blocks of so many bytes (POSIX ustar). */
export const blockBytes = 512;

// size, mode, modification time; then those that are read for their form alone: clients refuse the file where it is wrong
const octalFields = [
  [124, 12],
  [100, 8],
  [136, 12],
  [108, 8],
  [116, 8],
  [329, 8],
  [337, 8],
] as const;

/** One header block read, not yet joined with the extension headers in front of it. */
export interface TarHeader {
  readonly name: string;
  /** Whether part of the name came from the prefix field. */
  readonly hasPrefix: boolean;
  /** The type's character: `0` regular, `5` directory, `x` pax; NUL for the regular file of before POSIX. */
  readonly type: string;
  readonly size: number;
  readonly mode: number;
  /** Seconds since 1970. */
  readonly modifiedAt: number;
  readonly linkName: string;
  /** False where the sum is wrong, as fpm writes it throughout; no client looks. */
  readonly isChecksumRight: boolean;
}

/** Reads a header block; a string says what is wrong with it. Accepts what apk-tools does: ustar, GNU and pax. */
export function parseTarHeader(block: Uint8Array): TarHeader | string {
  const isChecksumRight = storedChecksum(block) === checksumOf(block);
  if (text(block, 257, 5) !== 'ustar') return isChecksumRight ? 'not a ustar header' : 'not a tar';
  const numbers = octalFields.map(([offset, width]) => octal(block, offset, width));
  const [size, mode, modifiedAt] = numbers;
  if (size === undefined || mode === undefined || modifiedAt === undefined || numbers.includes(undefined))
    return 'a number in a tar header is not octal';
  const prefix = text(block, 345, 155);
  const name = prefix === '' ? text(block, 0, 100) : `${prefix}/${text(block, 0, 100)}`;
  return {
    name,
    hasPrefix: prefix !== '',
    type: String.fromCharCode(block[156] ?? 0),
    size,
    mode,
    modifiedAt,
    linkName: text(block, 157, 100),
    isChecksumRight,
  };
}

/** A header block whose bytes depend on name and size alone: mode 0644, root, the time 0. */
export function formatTarHeader(name: string, size: number): Buffer {
  if (Buffer.byteLength(name) > 100) throw new TypeError(`name too long for a tar header: ${name}`);
  const block = Buffer.alloc(blockBytes);
  block.write(name, 0);
  block.write(
    `${octalField(0o644, 8)}${octalField(0, 8)}${octalField(0, 8)}${octalField(size, 12)}${octalField(0, 12)}`,
    100,
  );
  block.write('0', 156);
  block.write('ustar\x0000root', 257);
  block.write('root', 297);
  block.write(`${checksumOf(block).toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** How many zeros stand between content of `size` bytes and the next header. */
export function paddingOf(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

function octalField(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

/** apk-tools takes octal digits and then nothing but NULs and spaces; base-256 and leading spaces it refuses. */
function octal(block: Uint8Array, offset: number, width: number): number | undefined {
  const digits = /^([0-7]*)[ \0]*$/.exec(latin1(block, offset, width))?.[1];
  return digits === undefined ? undefined : Number.parseInt(`0${digits}`, 8);
}

/** The sum of all bytes, the checksum's own taken as spaces (POSIX ustar). */
function checksumOf(block: Uint8Array): number {
  return block.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 0x20 : byte), 0);
}

function storedChecksum(block: Uint8Array): number {
  return Number.parseInt(latin1(block, 148, 8).trim(), 8);
}

function text(block: Uint8Array, offset: number, width: number): string {
  const field = block.subarray(offset, offset + width);
  const end = field.indexOf(0);
  return decodeText(end < 0 ? field : field.subarray(0, end)).text;
}

function latin1(block: Uint8Array, offset: number, width: number): string {
  return Buffer.from(block.buffer, block.byteOffset + offset, width).toString('latin1');
}
