import { LRUCache } from 'lru-cache';
import { isTag } from '../../../oci/reference.ts';

/** Reads pages of tags, each with the help of the one before it: nearly all of a large listing is what it was. */
export interface TagPages {
  /**
   * The legal tags of a page, each once; `parse` takes the whole page apart where that has to be. The very same list again
   * where nothing changed, and the very same strings where little did.
   */
  read(key: string, page: Uint8Array, parse: (page: Uint8Array) => readonly unknown[]): readonly string[];
}

/** A page whose list is written without a space, each tag once: where each one is follows from their lengths. */
interface KnownPage {
  readonly bytes: Buffer;
  readonly tags: readonly string[];
  /** The same; handed on to the page that follows this one, and changed there. */
  readonly unique: Set<string>;
  /** Where the first tag's quotation mark is. */
  readonly start: number;
}

const listStart = '"tags":[';
/** A tag in quotes and with its comma. */
const wrapping = 3;

/** Keeps the last page of each key, of `maxBytes` in all. */
export function createTagPages(maxBytes: number): TagPages {
  const pages = new LRUCache<string, KnownPage>({
    maxSize: maxBytes,
    // The bytes, and each tag once more as a string.
    sizeCalculation: ({ bytes }) => 1 + 2 * bytes.length,
  });
  return {
    read(key, page, parse) {
      const bytes = Buffer.from(page.buffer, page.byteOffset, page.byteLength);
      const known = pages.get(key);
      if (known?.bytes.equals(bytes) === true) return known.tags;
      pages.delete(key);
      const changed = known && changedPage(known, bytes);
      if (changed !== undefined) {
        pages.set(key, changed);
        return changed.tags;
      }
      const unique = new Set(parse(page).filter(isTag));
      const first = firstPage(bytes, unique);
      if (first !== undefined) pages.set(key, first);
      return first?.tags ?? [...unique];
    },
  };
}

function firstPage(bytes: Buffer, unique: Set<string>): KnownPage | undefined {
  const found = bytes.indexOf(listStart);
  if (found < 0 || unique.size === 0) return undefined;
  const tags = [...unique];
  const start = found + listStart.length;
  const length = tags.reduce((sum, tag) => sum + tag.length + wrapping, -1);
  // Spaces, escapes, repeated tags and such as are none would all make it longer: nothing makes it shorter.
  return bytes.indexOf(']', start) === start + length ? { bytes, tags, unique, start } : undefined;
}

/** The page's tags, of which only those between what begins and what ends alike are read; undefined where that won't do. */
function changedPage({ bytes: before, tags, unique, start }: KnownPage, bytes: Buffer): KnownPage | undefined {
  const alike = commonBeginning(before, bytes);
  if (alike < start) return undefined;
  const endsAlikeFrom = before.length - commonEnd(before, bytes, Math.min(before.length, bytes.length) - alike);
  let first = 0;
  let from = start;
  for (; first < tags.length && from + lengthOf(tags, first) <= alike; first += 1) from += lengthOf(tags, first);
  let last = first;
  let until = from;
  for (; last < tags.length && until < endsAlikeFrom; last += 1) until += lengthOf(tags, last);
  if (last === tags.length) return undefined;
  const changed = parseTags(bytes.subarray(from, bytes.length - (before.length - until)));
  if (changed === undefined) return undefined;
  for (const tag of tags.slice(first, last)) unique.delete(tag);
  const size = unique.size + changed.length;
  for (const tag of changed) unique.add(tag);
  if (unique.size !== size) return undefined;
  return { bytes, tags: [...tags.slice(0, first), ...changed, ...tags.slice(last)], unique, start };
}

/** `"a","b",` */
function parseTags(bytes: Buffer): readonly string[] | undefined {
  const text = bytes.toString('latin1');
  if (text === '') return [];
  if (!text.startsWith('"') || !text.endsWith('",')) return undefined;
  const tags = text.slice(1, -2).split('","');
  return tags.every(isTag) ? tags.map(ownText) : undefined;
}

/** The same text, made anew: a piece of a listing keeps all of it in memory, for as long as somebody remembers the tag. */
function ownText(piece: string): string {
  return Buffer.from(piece, 'latin1').toString('latin1');
}

function lengthOf(tags: readonly string[], at: number): number {
  return (tags[at]?.length ?? 0) + wrapping;
}

function commonBeginning(a: Buffer, b: Buffer): number {
  return longest(Math.min(a.length, b.length), (from, to) => a.subarray(from, to).equals(b.subarray(from, to)));
}

function commonEnd(a: Buffer, b: Buffer, most: number): number {
  const part = (bytes: Buffer, from: number, to: number) => bytes.subarray(bytes.length - to, bytes.length - from);
  return longest(most, (from, to) => part(a, from, to).equals(part(b, from, to)));
}

/** The largest length up to which all is equal, where `isEqual` tells it of any piece. */
function longest(most: number, isEqual: (from: number, to: number) => boolean): number {
  let equal = 0;
  let limit = most;
  while (equal < limit) {
    const middle = Math.ceil((equal + limit) / 2);
    if (isEqual(equal, middle)) equal = middle;
    else limit = middle - 1;
  }
  return equal;
}
