import { backwardBits, highestBit, peekBits, ZstdError } from './bits.ts';
import { firstState, nextState, readFseTable } from './fse.ts';

/** A decoding table of Huffman codes (RFC 8878, 4.2): by the next `maxBits` bits, the symbol and how many bits it takes. */
export interface HuffmanTable {
  readonly maxBits: number;
  readonly symbols: Uint8Array;
  readonly bitCounts: Uint8Array;
}

const maxCodeBits = 11;
const maxWeightsLog = 6;
const maxWeight = 12;

/** Reads a tree's description (RFC 8878, 4.2.1); `used` counts its bytes. */
export function readHuffmanTable(bytes: Uint8Array): { table: HuffmanTable; used: number } {
  const [header = 0] = bytes;
  const size = header < 128 ? header : Math.ceil((header - 127) / 2);
  const body = bytes.subarray(1, 1 + size);
  if (body.length < size) throw new ZstdError('a Huffman tree cut short');
  const weights = header < 128 ? compressedWeights(body) : directWeights(body, header - 127);
  return { table: huffmanTable(weights), used: 1 + size };
}

/** Decodes one stream of literals into all of `out` (RFC 8878, 4.2.2). */
export function decodeLiterals(table: HuffmanTable, bytes: Uint8Array, out: Uint8Array): void {
  const bits = backwardBits(bytes);
  for (let i = 0; i < out.length; i += 1) {
    const code = peekBits(bits, table.maxBits);
    out[i] = table.symbols[code] ?? 0;
    bits.left -= table.bitCounts[code] ?? 0;
    if (bits.left < 0) throw new ZstdError('literals cut short');
  }
  if (bits.left !== 0) throw new ZstdError('literals of another length');
}

function directWeights(bytes: Uint8Array, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const pair = bytes[i >> 1] ?? 0;
    return i % 2 === 0 ? pair >> 4 : pair & 15;
  });
}

/** Two states take turns until the bits are used up; what the other one holds then is the last weight. */
function compressedWeights(bytes: Uint8Array): number[] {
  const { table, used } = readFseTable(bytes, maxWeightsLog, maxWeight);
  const bits = backwardBits(bytes.subarray(used));
  const states = [firstState(table, bits), firstState(table, bits)];
  const weights: number[] = [];
  for (let turn = 0; ; turn = 1 - turn) {
    const state = states[turn] ?? 0;
    weights.push(table.symbols[state] ?? 0);
    states[turn] = nextState(table, state, bits);
    if (bits.left < 0) {
      weights.push(table.symbols[states[1 - turn] ?? 0] ?? 0);
      return weights;
    }
    if (weights.length > 255) throw new ZstdError('a Huffman tree of too many symbols');
  }
}

/** The last symbol's weight isn't written: it fills up what the others leave of a power of two. */
function huffmanTable(weights: readonly number[]): HuffmanTable {
  const sum = weights.reduce((total, weight) => total + sizeOf(weight), 0);
  if (sum === 0 || weights.length > 255) throw new ZstdError('a damaged Huffman tree');
  const maxBits = highestBit(sum) + 1;
  const left = (1 << maxBits) - sum;
  if (maxBits > maxCodeBits || (left & (left - 1)) !== 0) throw new ZstdError('a damaged Huffman tree');
  const all = [...weights, highestBit(left) + 1];
  const symbols = new Uint8Array(1 << maxBits);
  const bitCounts = new Uint8Array(1 << maxBits);
  let start = 0;
  for (let weight = 1; weight <= maxBits; weight += 1)
    for (const [symbol, own] of all.entries()) {
      if (own !== weight) continue;
      symbols.fill(symbol, start, start + sizeOf(weight));
      bitCounts.fill(maxBits + 1 - weight, start, start + sizeOf(weight));
      start += sizeOf(weight);
    }
  if (start !== 1 << maxBits) throw new ZstdError('a damaged Huffman tree');
  return { maxBits, symbols, bitCounts };
}

function sizeOf(weight: number): number {
  return weight === 0 ? 0 : 1 << (weight - 1);
}
