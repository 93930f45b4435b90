import { highestBit, readBits, ZstdError, type BackwardBits } from './bits.ts';

/** A decoding table of finite state entropy (RFC 8878, 4.1): what each state stands for, and how to get to the next. */
export interface FseTable {
  readonly accuracyLog: number;
  readonly symbols: Uint8Array;
  readonly bitCounts: Uint8Array;
  readonly baselines: Uint16Array;
}

/** A table in which one symbol is all there is. */
export function singleSymbolTable(symbol: number): FseTable {
  return {
    accuracyLog: 0,
    symbols: Uint8Array.of(symbol),
    bitCounts: new Uint8Array(1),
    baselines: new Uint16Array(1),
  };
}

/** The state that a stream begins with. */
export function firstState(table: FseTable, bits: BackwardBits): number {
  return readBits(bits, table.accuracyLog);
}

export function nextState(table: FseTable, state: number, bits: BackwardBits): number {
  return (table.baselines[state] ?? 0) + readBits(bits, table.bitCounts[state] ?? 0);
}

/** Reads a table's description (RFC 8878, 4.1.1); `used` counts its bytes. */
export function readFseTable(
  bytes: Uint8Array,
  maxAccuracyLog: number,
  maxSymbol: number,
): { table: FseTable; used: number } {
  let position = 4;
  const accuracyLog = ((bytes[0] ?? 0) & 15) + 5;
  if (accuracyLog > maxAccuracyLog) throw new ZstdError('an FSE table that is too large');
  const counts: number[] = [];
  let remaining = 1 << accuracyLog;
  while (remaining > 0 && counts.length <= maxSymbol) {
    const width = highestBit(remaining + 1) + 1;
    const value = forwardBits(bytes, position, width);
    const low = value & ((1 << (width - 1)) - 1);
    const threshold = (1 << width) - 1 - (remaining + 1);
    const isShort = low < threshold;
    position += isShort ? width - 1 : width;
    const count = (isShort ? low : value < 1 << (width - 1) ? value : value - threshold) - 1;
    remaining -= Math.abs(count);
    counts.push(count);
    if (count !== 0) continue;
    for (let zeros = 3; zeros === 3;) {
      zeros = forwardBits(bytes, position, 2);
      position += 2;
      for (let i = 0; i < zeros; i += 1) counts.push(0);
      if (counts.length > maxSymbol + 1) throw new ZstdError('an FSE table of too many symbols');
    }
  }
  const used = Math.ceil(position / 8);
  if (remaining !== 0 || used > bytes.length || counts.length > maxSymbol + 1)
    throw new ZstdError('a damaged FSE table');
  return { table: fseTable(counts, accuracyLog), used };
}

/** The table for these counts, which add up to 2^`accuracyLog`; -1 stands for "less than one" (RFC 8878, 4.1.1). */
export function fseTable(counts: readonly number[], accuracyLog: number): FseTable {
  const size = 1 << accuracyLog;
  const symbols = new Uint8Array(size);
  const next = counts.map((count) => Math.abs(count));
  let high = size;
  for (const [symbol, count] of counts.entries()) if (count === -1) symbols[(high -= 1)] = symbol;
  const step = (size >> 1) + (size >> 3) + 3;
  let position = 0;
  for (const [symbol, count] of counts.entries())
    for (let i = 0; i < count; i += 1) {
      symbols[position] = symbol;
      do position = (position + step) & (size - 1);
      while (position >= high);
    }
  if (position !== 0) throw new ZstdError('a damaged FSE table');
  const bitCounts = new Uint8Array(size);
  const baselines = new Uint16Array(size);
  for (const [state, symbol] of symbols.entries()) {
    const at = next[symbol] ?? 0;
    next[symbol] = at + 1;
    const bitCount = accuracyLog - highestBit(at);
    bitCounts[state] = bitCount;
    baselines[state] = (at << bitCount) - size;
  }
  return { accuracyLog, symbols, bitCounts, baselines };
}

function forwardBits(bytes: Uint8Array, start: number, count: number): number {
  const from = start >> 3;
  const word = (bytes[from] ?? 0) | ((bytes[from + 1] ?? 0) << 8) | ((bytes[from + 2] ?? 0) << 16);
  return (word >>> (start & 7)) & ((1 << count) - 1);
}
