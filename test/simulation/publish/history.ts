import { readIndexFile } from '../../../src/apk/index/index-file.ts';
import { verify } from '../../../src/apk/signature.ts';
import type { SignedIndex } from '../../../src/repository/service/reading.ts';
import type { SnapshotTold } from './changes.ts';
import type { SigningKey } from '../../../src/repository/keys/signing-keys.ts';

/** What one client asked and was told. Times are counted in requests that the registry had seen. */
export interface Operation {
  readonly kind: 'push' | 'delete';
  /** `<architecture>/<file name>`. */
  readonly file: string;
  /** The identities pushed, by file; a push of several files is one operation for each. Of a deletion: these bytes alone. */
  readonly identity: string | undefined;
  readonly began: number;
  /** When it was answered; infinity where it never was. */
  ended: number;
  outcome: 'done' | 'refused' | 'failed' | 'unanswered';
  /** The replica that was asked. */
  readonly replica?: string;
  /** What was asked, where that is more than the kind says. */
  readonly step?: string;
  /** The registry was put back to how it was before the answer. */
  isUndone?: boolean;
  /** The repository, where it isn't the one that nearly all is about. */
  readonly place?: string;
  /** The snapshot that it was taken from. */
  readonly snapshot?: string;
}

/** An index that some reader was given. */
export interface Reading {
  readonly architecture: string;
  readonly began: number;
  readonly ended: number;
  readonly index: SignedIndex | undefined;
  readonly replica?: string;
  /** What the replica signs with, where that isn't the same for all. */
  readonly key?: SigningKey;
  /** Whether somebody read it who may not. */
  readonly isStrangers?: boolean;
  readonly place?: string;
}

export interface History {
  readonly operations: readonly Operation[];
  readonly readings: readonly Reading[];
  readonly snapshots?: readonly SnapshotTold[];
}

/** The same, of one repository. */
export function historyOf(history: History, place: string | undefined): History {
  const isThere = (one: { readonly place?: string }) => one.place === place;
  return { ...history, operations: history.operations.filter(isThere), readings: history.readings.filter(isThere) };
}

/** What a signed index lists: identity by file name. Throws where it isn't signed by `key`, or lists a file twice. */
export function listedIn(index: SignedIndex, key: SigningKey): ReadonlyMap<string, string> {
  const { signatures, content, entries } = readIndexFile(index.bytes);
  const isSigned = signatures.some(
    ({ keyName, bytes }) => keyName === key.fileName && verify(content, bytes, key.publicKey, 'RSA256'),
  );
  if (!isSigned) throw new Error('an index went out without a good signature');
  const listed = new Map<string, string>();
  for (const entry of entries) {
    const name = `${entry.architecture}/${entry.name}-${entry.version}.apk`;
    if (listed.has(name)) throw new Error(`${name} is listed twice`);
    listed.set(name, entry.identity);
  }
  return listed;
}

/**
 * What is wrong with an index that somebody began to read after `began` and had by `ended`, in words; empty where nothing
 * is. Holds for every reading: what was acknowledged before it is there, what was deleted before it is not.
 */
export function faultsOf(whole: History, reading: Reading, key: SigningKey): readonly string[] {
  const history = historyOf(whole, reading.place);
  const listed = reading.index === undefined ? new Map<string, string>() : listedIn(reading.index, key);
  const inScope = (file: string) => file.startsWith(`${reading.architecture}/`) || file.startsWith('noarch/');
  const faults: string[] = [];
  for (const push of history.operations) {
    if (push.kind !== 'push' || push.outcome !== 'done' || push.ended > reading.began || !inScope(push.file)) continue;
    if (listed.get(push.file) === push.identity || mayBeDeleted(history, push, reading.ended)) continue;
    if (isShadowed(push.file, listed)) continue;
    faults.push(`${reading.architecture}: lost ${push.file}, acknowledged at ${push.ended}, ${wordsOf(reading)}`);
  }
  for (const [file, identity] of listed) {
    if (!mayBeThere(history, file, identity, reading)) {
      faults.push(`${reading.architecture}: lists ${file}, which was deleted or never pushed, ${wordsOf(reading)}`);
    }
  }
  return faults;
}

function wordsOf({ replica = 'all', began, ended, index }: Reading): string {
  return `read at ${replica} from ${began} to ${ended}${index === undefined ? ', where none came' : ''}`;
}

/**
 * What is wrong with an index read once a registry's lag of so many requests is long over. While it lasts, two pushes of one
 * name that don't see each other may both be acknowledged, or one of them and the other die; `isLasting` tells whose content
 * may be the one that is listed in the end. And a delete may miss what was pushed within the lag.
 */
export function lateFaultsOf(
  history: History,
  reading: Reading,
  key: SigningKey,
  lag: number,
  isLasting: (other: Operation) => boolean,
): readonly string[] {
  const listed = reading.index === undefined ? new Map<string, string>() : listedIn(reading.index, key);
  const isDone = (push: Operation) => push.kind === 'push' && push.outcome === 'done';
  const faults: string[] = [];
  for (const push of history.operations) {
    const inScope = push.file.startsWith(`${reading.architecture}/`) || push.file.startsWith('noarch/');
    if (!isDone(push) || !inScope || mayBeDeleted(history, push, reading.ended, lag)) continue;
    if (isShadowed(push.file, listed)) continue;
    const isListed = history.operations.some(
      (other) =>
        other.kind === 'push' &&
        isLasting(other) &&
        other.began <= push.ended + lag &&
        nameOf(other.file) === nameOf(push.file) &&
        listed.get(other.file) === other.identity,
    );
    if (!isListed) faults.push(`${reading.architecture}: lost ${push.file}, acknowledged at ${push.ended}`);
  }
  for (const [file, identity] of listed) {
    if (mayBeThere(history, file, identity, reading, lag)) continue;
    faults.push(`${reading.architecture}: lists ${file}, which was deleted or never pushed`);
  }
  return faults;
}

/** The architectures of which not all readers were given the same. */
export function disagreements(readings: readonly Reading[], key: SigningKey): readonly string[] {
  const shown = new Map<string, Set<string>>();
  for (const { architecture, index } of readings) {
    const listed = JSON.stringify(index === undefined ? [] : [...listedIn(index, key)]);
    shown.set(architecture, (shown.get(architecture) ?? new Set()).add(listed));
  }
  return [...shown]
    .filter(([, views]) => views.size > 1)
    .map(([architecture, views]) => `${architecture}: replicas disagree: ${[...views].join(' ')}`);
}

/** Whether two contents of one name were acknowledged although nothing was deleted between. */
export function contentFaultsOf(history: History): readonly string[] {
  const places = [...new Set(history.operations.map(({ place }) => place))];
  return places.flatMap((place) => contentFaultsIn(historyOf(history, place)));
}

function contentFaultsIn({ operations }: History): readonly string[] {
  const done = operations.filter(({ kind, outcome }) => kind === 'push' && outcome === 'done');
  const isFreed = (push: Operation, before: number) =>
    operations.some((other) => isDeletionOf(other, push) && other.outcome !== 'refused' && other.began < before);
  const faults: string[] = [];
  for (const first of done) {
    for (const second of done) {
      if (nameOf(first.file) !== nameOf(second.file) || !clash(first.file, second.file)) continue;
      if (first.identity === second.identity || first.ended > second.ended || first === second) continue;
      const mayPrecede = second.began < first.ended;
      if (!isFreed(first, second.ended) && !(mayPrecede && isFreed(second, first.ended)))
        faults.push(`two contents acknowledged: ${first.file} at ${first.ended}, ${second.file} at ${second.ended}`);
    }
  }
  return faults;
}

/** Whether that is a deletion of what was pushed. */
function isDeletionOf({ kind, file, identity }: Operation, push: Operation): boolean {
  return kind === 'delete' && file === push.file && (identity ?? push.identity) === push.identity;
}

/** A delete that began before `before` and was not over when the push began may have taken it; a failed one may land at any time. */
function mayBeDeleted({ operations }: History, push: Operation, before: number, lag = 0): boolean {
  return operations.some(
    (other) =>
      isDeletionOf(other, push) &&
      other.outcome !== 'refused' &&
      other.began < before &&
      (other.outcome === 'failed' || other.ended + lag > push.began),
  );
}

/** Whether a delete, because of which a push may have been refused, was still under way when the reading began. */
function isBeingDeleted(operations: readonly Operation[], push: Operation, reading: Reading): boolean {
  return operations.some(
    (other) => isDeletionOf(other, push) && other.began <= push.ended && other.ended > reading.began,
  );
}

/** Whether some push of these bytes isn't known to be over, or dead, by when the reading began. */
export function mayBeThere(
  { operations }: History,
  file: string,
  identity: string,
  reading: Reading,
  lag = 0,
): boolean {
  return operations.some((push) => {
    if (push.kind !== 'push' || push.file !== file || push.identity !== identity || push.began > reading.ended)
      return false;
    if (push.outcome === 'refused' && push.ended < reading.began && !isBeingDeleted(operations, push, reading))
      return false;
    const end = push.outcome === 'done' || push.outcome === 'refused' ? push.ended + lag : Infinity;
    return !operations.some(
      (other) =>
        isDeletionOf(other, push) && other.outcome === 'done' && other.began >= end && other.ended <= reading.began,
    );
  });
}

/** An architecture's own file stands before a noarch one of that name. */
function isShadowed(file: string, listed: ReadonlyMap<string, string>): boolean {
  return (
    file.startsWith('noarch/') && [...listed.keys()].some((other) => other !== file && nameOf(other) === nameOf(file))
  );
}

function nameOf(file: string): string {
  return file.slice(file.indexOf('/') + 1);
}

function clash(a: string, b: string): boolean {
  return a === b || a.startsWith('noarch/') || b.startsWith('noarch/');
}
