import { backwardBits, readBits, ZstdError } from './bits.ts';
import { firstState, fseTable, nextState, readFseTable, singleSymbolTable, type FseTable } from './fse.ts';

/** The tables that a block leaves to the next one. */
export interface SequenceTables {
  readonly literalLengths: FseTable;
  readonly offsets: FseTable;
  readonly matchLengths: FseTable;
}

/** Takes a sequence: copy so many literals, then so many bytes from `offsetValue`, which may stand for an offset before. */
export type OnSequence = (literalLength: number, matchLength: number, offsetValue: number) => void;

interface Kind {
  readonly maxLog: number;
  readonly maxSymbol: number;
  readonly predefined: FseTable;
}

// RFC 8878, 3.1.1.3.2.2
const literalLengthKind: Kind = {
  maxLog: 9,
  maxSymbol: 35,
  predefined: fseTable(
    [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1],
    6,
  ),
};
const offsetKind: Kind = {
  maxLog: 8,
  maxSymbol: 31,
  predefined: fseTable([1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1], 5),
};
const matchLengthKind: Kind = {
  maxLog: 9,
  maxSymbol: 52,
  predefined: fseTable(
    [
      1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
      1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
    ],
    6,
  ),
};

// RFC 8878, 3.1.1.3.2.1.1: codes up to 15 and 31 stand for themselves; behind them, how many more bits follow.
const literalLengthBits = [1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const matchLengthBits = [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const literalLengths = codesOf(16, literalLengthBits, 0);
const matchLengths = codesOf(32, matchLengthBits, 3);

/** Reads the sequences section (RFC 8878, 3.1.1.3.2); gives the tables for the next block. */
export function readSequences(
  section: Uint8Array,
  previous: SequenceTables | undefined,
  onSequence: OnSequence,
): SequenceTables | undefined {
  const { count, headerBytes } = readCount(section);
  if (count === 0) {
    if (headerBytes !== section.length) throw new ZstdError('bytes behind the literals');
    return previous;
  }
  const modes = section[headerBytes] ?? 0;
  if ((modes & 3) !== 0) throw new ZstdError('reserved bits of a block set');
  let rest = section.subarray(headerBytes + 1);
  const take = (mode: number, kind: Kind, before: FseTable | undefined): FseTable => {
    const { table, used } = readTable(rest, mode & 3, kind, before);
    rest = rest.subarray(used);
    return table;
  };
  const literalLengthTable = take(modes >> 6, literalLengthKind, previous?.literalLengths);
  const offsetTable = take(modes >> 4, offsetKind, previous?.offsets);
  const matchLengthTable = take(modes >> 2, matchLengthKind, previous?.matchLengths);
  const tables = { literalLengths: literalLengthTable, offsets: offsetTable, matchLengths: matchLengthTable };
  decodeSequences(rest, count, tables, onSequence);
  return tables;
}

function decodeSequences(bytes: Uint8Array, count: number, tables: SequenceTables, onSequence: OnSequence): void {
  const bits = backwardBits(bytes);
  let literalState = firstState(tables.literalLengths, bits);
  let offsetState = firstState(tables.offsets, bits);
  let matchState = firstState(tables.matchLengths, bits);
  for (let i = 0; i < count; i += 1) {
    if (i > 0) {
      literalState = nextState(tables.literalLengths, literalState, bits);
      matchState = nextState(tables.matchLengths, matchState, bits);
      offsetState = nextState(tables.offsets, offsetState, bits);
    }
    const offsetCode = tables.offsets.symbols[offsetState] ?? 0;
    const matchCode = tables.matchLengths.symbols[matchState] ?? 0;
    const literalCode = tables.literalLengths.symbols[literalState] ?? 0;
    const offsetValue = 2 ** offsetCode + readBits(bits, offsetCode);
    const matchLength = (matchLengths.base[matchCode] ?? 0) + readBits(bits, matchLengths.bits[matchCode] ?? 0);
    const literalLength =
      (literalLengths.base[literalCode] ?? 0) + readBits(bits, literalLengths.bits[literalCode] ?? 0);
    if (bits.left < 0) throw new ZstdError('sequences cut short');
    onSequence(literalLength, matchLength, offsetValue);
  }
  if (bits.left !== 0) throw new ZstdError('sequences of another length');
}

function readCount(section: Uint8Array): { count: number; headerBytes: number } {
  const [a, b = 0, c = 0] = section;
  if (a === undefined) throw new ZstdError('a block without sequences');
  if (a < 128) return { count: a, headerBytes: 1 };
  if (a < 255) return { count: ((a - 128) << 8) + b, headerBytes: 2 };
  return { count: b + (c << 8) + 0x7f00, headerBytes: 3 };
}

function readTable(bytes: Uint8Array, mode: number, kind: Kind, before: FseTable | undefined) {
  if (mode === 0) return { table: kind.predefined, used: 0 };
  if (mode === 2) return readFseTable(bytes, kind.maxLog, kind.maxSymbol);
  if (mode === 3) {
    if (before === undefined) throw new ZstdError('a table repeated before there was one');
    return { table: before, used: 0 };
  }
  const [symbol] = bytes;
  if (symbol === undefined || symbol > kind.maxSymbol) throw new ZstdError('a table of an unknown symbol');
  return { table: singleSymbolTable(symbol), used: 1 };
}

function codesOf(plain: number, more: readonly number[], least: number): { base: number[]; bits: number[] } {
  const base = Array.from({ length: plain }, (_, code) => code + least);
  const bits = base.map(() => 0);
  let next = plain + least;
  for (const count of more) {
    base.push(next);
    bits.push(count);
    next += 2 ** count;
  }
  return { base, bits };
}
