/** The 64-bit xxHash of bytes that come in pieces, as zstd's checksum takes it (seed 0). */
export interface Xxh64 {
  update(bytes: Uint8Array): void;
  /** To be asked once. */
  digest(): bigint;
}

const p1 = 0x9e3779b185ebca87n;
const p2 = 0xc2b2ae3d27d4eb4fn;
const p3 = 0x165667b19e3779f9n;
const p4 = 0x85ebca77c2b2ae63n;
const p5 = 0x27d4eb2f165667c5n;
const stripeBytes = 32;

/** Slow, since it computes with bigints; apk's own packages have no checksum. */
export function createXxh64(): Xxh64 {
  const lanes: [bigint, bigint, bigint, bigint] = [u64(p1 + p2), p2, 0n, u64(-p1)];
  let total = 0n;
  let rest: Buffer = Buffer.alloc(0);

  const takeStripe = (stripe: Buffer, at: number): void => {
    for (const [lane, value] of lanes.entries()) lanes[lane] = round(value, stripe.readBigUInt64LE(at + lane * 8));
  };

  return {
    update(bytes) {
      total += BigInt(bytes.length);
      const all = Buffer.concat([rest, bytes]);
      let at = 0;
      for (; at + stripeBytes <= all.length; at += stripeBytes) takeStripe(all, at);
      rest = all.subarray(at);
    },
    digest() {
      const joined = total >= BigInt(stripeBytes) ? joinLanes(lanes) : p5;
      return avalanche(takeRest(u64(joined + total), rest));
    },
  };
}

function joinLanes(lanes: readonly [bigint, bigint, bigint, bigint]): bigint {
  const [a, b, c, d] = lanes;
  const sum = u64(rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n));
  return lanes.reduce((hash, lane) => u64((hash ^ round(0n, lane)) * p1 + p4), sum);
}

function takeRest(start: bigint, rest: Buffer): bigint {
  let hash = start;
  let at = 0;
  for (; at + 8 <= rest.length; at += 8) hash = u64(rotate(hash ^ round(0n, rest.readBigUInt64LE(at)), 27n) * p1 + p4);
  if (at + 4 <= rest.length) {
    hash = u64(rotate(hash ^ u64(BigInt(rest.readUInt32LE(at)) * p1), 23n) * p2 + p3);
    at += 4;
  }
  for (; at < rest.length; at += 1) hash = u64(rotate(hash ^ u64(BigInt(rest[at] ?? 0) * p5), 11n) * p1);
  return hash;
}

function avalanche(hash: bigint): bigint {
  const second = u64((hash ^ (hash >> 33n)) * p2);
  const third = u64((second ^ (second >> 29n)) * p3);
  return third ^ (third >> 32n);
}

function round(lane: bigint, input: bigint): bigint {
  return u64(rotate(u64(lane + input * p2), 31n) * p1);
}

function rotate(value: bigint, bits: bigint): bigint {
  return u64(value << bits) | (value >> (64n - bits));
}

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}
