import { isGatewayError } from '../../errors.ts';
import { splitTokens } from '../dependency.ts';
import { entryOfLetters, formatIndexEntry, parseIndexEntry } from '../index/index-entry.ts';
import { malformed, readLetters, safeNumber } from '../index/index-record.ts';
import { assertIndexV3Entry, type IndexV3Entry } from './index-v3-entry.ts';

/**
 * The letters that a v3 package's record has beside those of the old format. `r` and `g` are apk's own, from its installed
 * database; the others are ours.
 */
const letters = { replaces: 'r', tags: 'g', recommends: 'e', layer: 'y' } as const;

/** Whether an entry is of a v3 package. */
export function isV3Entry({ identity }: Pick<IndexV3Entry, 'identity'>): boolean {
  return identity.startsWith('Q2');
}

/**
 * A record as text, its closing empty line included: of a v2 package the one in APKINDEX, of a v3 package the same with more
 * lines. Whoever knows v2 alone refuses the latter by its identity.
 */
export function formatIndexV3Record(entry: IndexV3Entry): string {
  const record = formatIndexEntry(entry);
  return isV3Entry(entry) ? `${record.slice(0, -1)}${formatMore(entry)}\n` : record;
}

/** The entry that a record describes, with its closing empty line or without. Throws INDEX_MALFORMED as `parseIndexEntry` does. */
export function parseIndexV3Record(text: string): IndexV3Entry {
  if (!text.startsWith('C:Q2')) return parseIndexEntry(text);
  const lines = readLetters(text);
  const list = (letter: string) => splitTokens(lines.get(letter) ?? '');
  const entry = {
    ...entryOfLetters(lines),
    replaces: list(letters.replaces),
    tags: list(letters.tags),
    recommends: list(letters.recommends),
    layer: safeNumber(lines, letters.layer) || undefined,
  };
  assertSound(entry);
  return entry;
}

/** A stored record is what somebody else wrote: its fault is one of an index. */
function assertSound(entry: IndexV3Entry): void {
  try {
    assertIndexV3Entry(entry);
  } catch (error) {
    throw isGatewayError(error) ? malformed(error.message) : error;
  }
}

function formatMore(entry: IndexV3Entry): string {
  return Object.entries({
    [letters.replaces]: entry.replaces?.join(' '),
    [letters.tags]: entry.tags?.join(' '),
    [letters.recommends]: entry.recommends?.join(' '),
    [letters.layer]: entry.layer?.toString(),
  })
    .map(([letter, value]) => (value === undefined || value === '' ? '' : `${letter}:${value}\n`))
    .join('');
}
