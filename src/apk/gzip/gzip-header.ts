import { crc32 } from 'node:zlib';

/** What can be wrong with a gzip member (RFC 1952 section 2.3). `magic`: there is something, but no gzip member. */
export type MemberFault = 'magic' | 'header' | 'body' | 'checksum' | 'length' | 'truncated';

/** Makes the error to throw for a fault, put into words by the caller, who knows which part of the file this is. */
export type FaultOf = (fault: MemberFault, cause?: unknown) => Error;

/** The first bytes of every gzip member. */
export const magic: Uint8Array = Uint8Array.of(0x1f, 0x8b);

/** Bytes of CRC-32 and length behind the deflated body. */
export const trailerBytes = 8;

/** A header on its way; `takeHeader` feeds it. */
export type HeaderSteps = Generator<undefined, void, number>;

const maxHeaderBytes = 128 * 1024;
const flag = { headerCrc: 0x02, extra: 0x04, name: 0x08, comment: 0x10 };

/** A header whose magic has been read. */
export function beginHeader(faultOf: FaultOf): HeaderSteps {
  const steps = headerSteps(faultOf);
  steps.next();
  return steps;
}

/** Feeds the header: how many of the bytes are its own, and whether it ends with them. */
export function takeHeader(header: HeaderSteps, bytes: Uint8Array): { bytes: number; isDone: boolean } {
  for (const [index, byte] of bytes.entries()) if (header.next(byte).done) return { bytes: index + 1, isDone: true };
  return { bytes: bytes.length, isDone: false };
}

/** Throws `checksum` or `length` unless the trailer says what was inflated. */
export function assertTrailer(trailer: Buffer, crc: number, length: number, faultOf: FaultOf): void {
  if (trailer.readUInt32LE(0) !== crc) throw faultOf('checksum');
  if (trailer.readUInt32LE(4) !== length % 2 ** 32) throw faultOf('length');
}

/** Whether zlib itself found the fault. */
export function isZlibError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');
}

/** Takes the header byte by byte, the magic left out; finished behind its last byte. */
function* headerSteps(faultOf: FaultOf): HeaderSteps {
  const seen = [...magic];
  function* take(): Generator<undefined, number, number> {
    const byte = yield;
    if (seen.push(byte) > maxHeaderBytes) throw faultOf('header');
    return byte;
  }

  const method = yield* take();
  const flags = yield* take();
  // Reserved flags could announce fields whose length nobody knows.
  if (method !== 8 || (flags & 0xe0) !== 0) throw faultOf('header');
  for (let count = 0; count < 6; count += 1) yield* take();
  if ((flags & flag.extra) !== 0)
    for (let left = (yield* take()) + ((yield* take()) << 8); left > 0; left -= 1) yield* take();
  for (const text of [flag.name, flag.comment]) for (let byte = flags & text; byte !== 0;) byte = yield* take();
  if ((flags & flag.headerCrc) !== 0) {
    const crc = crc32(Uint8Array.from(seen)) & 0xffff;
    if ((yield* take()) + ((yield* take()) << 8) !== crc) throw faultOf('header');
  }
}
