import { blockAlignment, blockTypes, magics, paddingTo, schemaNames, type SchemaName } from './layout.ts';
import type { FaultOf } from './payload-reader.ts';

export type BlockKind = 'adb' | 'signature' | 'data';

/** What is called while a plain stream is read; the calls may throw, and nothing follows then. */
export interface BlockHandler {
  schema(name: SchemaName): void;
  /** Once for `adb`, which comes first; `size` is that of the payload in bytes. */
  begin(kind: BlockKind, size: number): void;
  /** The payload, in pieces of any size. */
  content(bytes: Uint8Array, kind: BlockKind): void;
  end(kind: BlockKind): void;
}

/** Takes a plain stream in chunks of any size (docs/adb.md, 2). */
export interface BlockReader {
  write(chunk: Uint8Array): void;
  /** The end of the stream: throws where it isn't one of blocks. */
  end(): void;
}

type Part = 'file header' | 'block header' | 'extended block header' | 'payload' | 'padding';

const fileHeaderBytes = 8;
const blockHeaderBytes = 4;
const extendedHeaderBytes = 16;

const kinds = new Map<number, BlockKind>([
  [blockTypes.adb, 'adb'],
  [blockTypes.signature, 'signature'],
  [blockTypes.data, 'data'],
]);

/** Cuts the stream into blocks and judges their order. Throws what `faultOf` makes. */
export function createBlockReader(handler: BlockHandler, faultOf: FaultOf): BlockReader {
  let part: Part = 'file header';
  let bytesLeft = fileHeaderBytes;
  let padding = 0;
  let header = Buffer.alloc(0);
  let kind: BlockKind | undefined;

  const go = (next: Part, bytes: number): void => {
    part = next;
    bytesLeft = bytes;
  };

  const beginBlock = (type: number, size: number, headerBytes: number): void => {
    const next = kinds.get(type);
    if (next === undefined) throw faultOf(`a block of unknown type ${type}`);
    assertOrder(kind, next, faultOf);
    if (size < headerBytes || !Number.isSafeInteger(size)) throw faultOf('a block of impossible size');
    kind = next;
    padding = paddingTo(blockAlignment, size);
    handler.begin(next, size - headerBytes);
    go('payload', size - headerBytes);
  };

  const readHeader = (): void => {
    const whole = header;
    header = Buffer.alloc(0);
    if (part === 'file header') {
      handler.schema(schemaOf(whole, faultOf));
      go('block header', blockHeaderBytes);
    } else if (part === 'extended block header') {
      if (whole.readUInt32LE(4) !== 0) throw faultOf('a block header with reserved bits set');
      beginBlock(whole.readUInt32LE(0) & 0x3fffffff, Number(whole.readBigUInt64LE(8)), extendedHeaderBytes);
    } else {
      const word = whole.readUInt32LE(0);
      if (word >>> 30 !== blockTypes.extended) beginBlock(word >>> 30, word & 0x3fffffff, blockHeaderBytes);
      else {
        header = whole;
        go('extended block header', extendedHeaderBytes - blockHeaderBytes);
      }
    }
  };

  /** What is to be done once a part has all its bytes. */
  const endPart = (): void => {
    if (part === 'payload') {
      if (kind !== undefined) handler.end(kind);
      go('padding', padding);
    } else if (part === 'padding') go('block header', blockHeaderBytes);
    else readHeader();
  };

  const take = (bytes: Uint8Array): void => {
    if (part === 'payload' && kind !== undefined) handler.content(bytes, kind);
    else if (part !== 'padding') header = Buffer.concat([header, bytes]);
    else if (bytes.some((byte) => byte !== 0)) throw faultOf('bytes between two blocks that are not zero');
  };

  return {
    write(chunk) {
      let rest = chunk;
      while (rest.length > 0 || (bytesLeft === 0 && part !== 'block header')) {
        const bytes = rest.subarray(0, bytesLeft);
        rest = rest.subarray(bytes.length);
        bytesLeft -= bytes.length;
        if (bytes.length > 0) take(bytes);
        if (bytesLeft === 0) endPart();
      }
    },
    end() {
      if (part !== 'block header' || header.length > 0) throw faultOf(`truncated: it ends inside a ${part}`);
      if (kind === undefined) throw faultOf('no ADB block');
    },
  };
}

/** One ADB block, then signatures, then data (docs/adb.md, 2). */
function assertOrder(before: BlockKind | undefined, next: BlockKind, faultOf: FaultOf): void {
  if (before === undefined && next !== 'adb') throw faultOf(`a ${next} block before the ADB block`);
  if (before !== undefined && next === 'adb') throw faultOf('a second ADB block');
  if (before === 'data' && next === 'signature') throw faultOf('a signature block behind data');
}

function schemaOf(header: Buffer, faultOf: FaultOf): SchemaName {
  if (header.toString('latin1', 0, 4) !== magics.plain) throw faultOf('no ADB file: it does not begin with "ADB."');
  const name = header.toString('latin1', 4, 8);
  const known = Object.values(schemaNames).find((one) => one === name);
  if (known === undefined) throw faultOf(`unknown schema ${JSON.stringify(name)}`);
  return known;
}
