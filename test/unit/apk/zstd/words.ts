/** Text of so many bytes that compresses like text does, the same each time. */
export function words(bytes: number): Buffer {
  let seed = 1;
  const next = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor(seed / 65_536) % below;
  };
  const lines: string[] = [];
  for (let length = 0; length < bytes; length += lines.at(-1)!.length)
    lines.push(`${next(50)} ${'apk registry index package'.split(' ')[next(4)]!} ${next(9)}\n`);
  return Buffer.from(lines.join('')).subarray(0, bytes);
}
