/** Clients write the lines C to k into their installed database through a buffer of this size; past it they destroy it. */
export const maxHeadBytes = 2048;

/** The same buffer for one token of a list, in bytes. */
export const maxTokenBytes = 255;

/** The longest line that every reader takes, in bytes without LF; apk's own buffer holds 128 KiB. */
export const maxLineBytes = 131_000;

/** The most tokens of all lists of a package together; the longest known packages have some hundreds. */
export const maxTokens = 16_384;

/** The number that `digits` write; as text without leading zeros where a number would not be exact. */
export function exactNumber(digits: string): number | string {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : BigInt(digits).toString();
}
