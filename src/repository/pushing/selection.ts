import { isArchitecture } from '../../apk/package-name.ts';
import { wildcard } from '../../protocol/glob.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';
import type { LiveTag } from '../live/live-set.ts';
import { EVERY, type Look, type Scope } from '../live/look.ts';
import { readableName, readablePartOf } from '../artifacts/package-tag.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import { NOARCH } from '../../apk/architectures.ts';
import type { Selection } from '../service/lifecycle.ts';

/** What of a selection there is. */
export interface Selected<T> {
  readonly found: readonly T[];
  /** What of it names nothing that is there. */
  readonly missing: readonly string[];
}

type Described = Pick<PackageRecord, 'fileName' | 'architecture'> & {
  readonly entry: Pick<PackageRecord['entry'], 'name'>;
};

/** Each architecture that is named costs a request, be it there or not. */
const maxNamed = 16;

/** The architectures whose packages a selection may name: those it says, as far as it says a few, and one each time. */
export function scopeOfSelection({ files = [], names = [] }: Selection): Scope {
  const said = files.map((file) => splitFile(file).architecture);
  const architectures = new Set(said.filter((one) => one !== undefined).filter(isArchitecture));
  if (architectures.size > maxNamed) return [EVERY];
  const isOpen = names.length > 0 || said.some((one) => one === undefined || one === NOARCH || one.includes('*'));
  return [...architectures, ...(isOpen ? [EVERY] : [])];
}

/** Those of the candidates that a selection names. */
export function select<T>(
  candidates: Iterable<T>,
  describe: (candidate: T) => Described,
  { files = [], names = [] }: Selection,
): Selected<T> {
  const exact = new Set(files.filter((file) => !file.includes('*')));
  const patterns = files.filter((file) => file.includes('*')).map((text) => ({ text, fits: wildcard(text) }));
  const named = names.map((text) => ({ text, fits: wildcard(text) }));
  const met = new Set<string>();
  const found: T[] = [];
  for (const candidate of candidates) {
    const { fileName, architecture, entry } = describe(candidate);
    const path = `${architecture}/${fileName}`;
    const reasons = [
      ...[path, fileName].filter((one) => exact.has(one)),
      ...patterns.filter(({ text, fits }) => fits(text.includes('/') ? path : fileName)).map(({ text }) => text),
      ...named.filter(({ fits }) => fits(entry.name)).map(({ text }) => text),
    ];
    for (const reason of reasons) met.add(reason);
    if (reasons.length > 0) found.push(candidate);
  }
  return { found, missing: [...new Set([...files, ...names])].filter((one) => !met.has(one)) };
}

/** Tells of a tag whether it may be of a file that a selection names, by its part for people. */
export function maySelect({ files = [], names = [] }: Selection): (tag: string) => boolean {
  const fileNames = files.map((file) => splitFile(file).fileName);
  // There may be 50,000 whole names, but few patterns.
  const whole = new Set(fileNames.filter((name) => !name.includes('*')).map(readableName));
  const open = [...fileNames.filter((name) => name.includes('*')), ...names];
  // Tags have no `.apk`, and a star may stand for a part of it.
  const beginnings = open.map((text) => readableName((text.split('*', 1)[0] ?? '').replace(/\.(ap?)?$/, '')));
  return (tag) => {
    const readable = readablePartOf(tag);
    return whole.has(readable) || beginnings.some((beginning) => readable.startsWith(beginning));
  };
}

/** Every live tag of the architectures that a look saw, with what it holds. */
export function* liveTagsIn({ live }: Look): Iterable<LiveTag> {
  const told = new Set<string>();
  for (const content of live.listed) {
    for (const [tag, { pkg }] of content.byTag()) {
      if (told.has(tag) || live.gone.has(tag)) continue;
      told.add(tag);
      yield { tag, pkg };
    }
  }
  for (const [tag, pkg] of live.unlisted) if (!told.has(tag)) yield { tag, pkg };
}

/** What the indexes list and nothing live stands for any more: whoever took it away isn't done with it, or died. */
export function ghostsIn({ stored, live }: Look): readonly LiveTag[] {
  const ghosts = new Map<string, LiveTag>();
  for (const { content, claimed } of stored.values()) {
    const listed = (content ?? claimed())?.byTag() ?? new Map<string, IndexedPackage>();
    const isDead = (tag: string) => !live.has(tag) && !live.unread.has(tag);
    for (const tag of content === undefined ? [...listed.keys()].filter(isDead) : live.gone) {
      const pkg = listed.get(tag)?.pkg;
      if (pkg !== undefined) ghosts.set(tag, { tag, pkg });
    }
  }
  return [...ghosts.values()];
}

function splitFile(file: string): { readonly architecture: string | undefined; readonly fileName: string } {
  const at = file.lastIndexOf('/');
  return { architecture: at === -1 ? undefined : file.slice(0, at), fileName: file.slice(at + 1) };
}
