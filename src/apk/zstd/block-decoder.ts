import { ZstdError } from './bits.ts';
import { createHistory } from './history.ts';
import type { HuffmanTable } from './huffman.ts';
import { readLiterals } from './literals.ts';
import { readSequences, type SequenceTables } from './sequences.ts';

/** Decodes the blocks of one frame, in their order (RFC 8878, 3.1.1.2). Throws ZstdError. */
export interface BlockDecoder {
  /** `size` is what the block's header says; the bytes are good until the next call. */
  decode(type: number, size: number, body: Uint8Array): Uint8Array;
}

export const blockTypes = { raw: 0, repeated: 1, compressed: 2 } as const;

/** Bounded whatever the blocks say: no more than a block's bytes are made of one, nor more than the window kept. */
export function createBlockDecoder(windowBytes: number): BlockDecoder {
  const history = createHistory(windowBytes);
  const offsets: [number, number, number] = [1, 4, 8];
  let literalTable: HuffmanTable | undefined;
  let sequenceTables: SequenceTables | undefined;

  const decodeCompressed = (body: Uint8Array): void => {
    const literals = readLiterals(body, literalTable);
    literalTable = literals.table;
    let at = 0;
    const takeLiterals = (length: number): void => {
      if (at + length > literals.bytes.length) throw new ZstdError('more literals used than there are');
      history.append(literals.bytes.subarray(at, at + length));
      at += length;
    };
    sequenceTables = readSequences(
      body.subarray(literals.used),
      sequenceTables,
      (literalLength, matchLength, value) => {
        takeLiterals(literalLength);
        history.repeat(takeOffset(offsets, value, literalLength), matchLength);
      },
    );
    takeLiterals(literals.bytes.length - at);
  };

  return {
    decode(type, size, body) {
      history.beginBlock();
      if (type === blockTypes.raw) history.append(body);
      else if (type === blockTypes.repeated) history.fill(body[0] ?? 0, size);
      else decodeCompressed(body);
      return history.block();
    },
  };
}

/** The offset that a sequence means, moved to the front of the last three (RFC 8878, 3.1.1.5). */
function takeOffset(last: [number, number, number], value: number, literalLength: number): number {
  if (value > 3) return moveToFront(last, value - 3, 2);
  const index = literalLength === 0 ? value : value - 1;
  if (index === 3) return moveToFront(last, last[0] - 1, 2);
  return moveToFront(last, last[index] ?? 0, index);
}

function moveToFront(last: [number, number, number], offset: number, from: number): number {
  if (offset < 1) throw new ZstdError('a match of offset 0');
  if (from === 2) last[2] = last[1];
  if (from >= 1) last[1] = last[0];
  last[0] = offset;
  return offset;
}
