const bytesOfText = 40;
const bytesOfObject = 64;

/** About how many bytes of memory a plain value takes, all that it holds included; what it holds twice is counted once. */
export function heldBytes(value: unknown, seen = new Set<object>()): number {
  if (typeof value === 'string') return bytesOfText + 2 * value.length;
  if (typeof value !== 'object' || value === null || seen.has(value)) return 8;
  seen.add(value);
  if (ArrayBuffer.isView(value)) return bytesOfObject + value.byteLength;
  return Object.values(value).reduce((sum: number, part) => sum + heldBytes(part, seen), bytesOfObject);
}
