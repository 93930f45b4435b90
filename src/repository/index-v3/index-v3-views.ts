import type { IndexV3Entry } from '../../apk/index-v3/index-v3-entry.ts';
import { makeIndexV3File } from '../../apk/index-v3/index-v3-file.ts';
import { createByteBoundedCache } from '../../concurrency/bounded-cache.ts';
import { createInTurn } from '../../concurrency/in-turn.ts';
import { GatewayError } from '../../errors.ts';
import { digestOf, hexOf, type Digest } from '../../oci/digest.ts';
import type { Clock } from '../../ports.ts';
import type { Group } from '../../protocol/coordinates.ts';
import type { IndexContent } from '../index/index-content.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';
import { lastModifiedOf } from '../index/last-modified.ts';
import type { SigningKey, SigningKeys } from '../keys/signing-keys.ts';

/** What a Packages.adb is made of: the very view that the APKINDEX of the same moment goes out from. */
export interface IndexV3Source {
  readonly content: IndexContent | undefined;
  readonly keys: readonly SigningKey[];
  readonly createdMs: number | undefined;
  readonly isUnverified: boolean;
}

/** A signed Packages.adb as it goes out to all who read it. */
export interface IndexV3View {
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly count: number;
  readonly lastModified: Date | undefined;
  readonly isUnverified: boolean;
}

export interface IndexV3Views {
  /**
   * The Packages.adb of a view, made when somebody first asks and once for all. Throws SIGNING_KEY_LOCKED where no key is there to
   * sign it, FORBIDDEN where what the view lists isn't known.
   */
  view(group: Group, source: IndexV3Source): Promise<IndexV3View>;
  /** The same where it is made already. */
  peek(group: Group, source: IndexV3Source): IndexV3View | undefined;
}

export interface IndexV3ViewsDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly signingKeys: Pick<SigningKeys, 'ofV3'>;
}

interface Made {
  readonly source: IndexV3Source;
  readonly view: IndexV3View;
  readonly files: readonly IndexedPackage[];
  readonly keys: readonly SigningKey[];
  readonly digest: Digest;
}

/** Keeps the latest of each group, within so many bytes of them all. */
export function createIndexV3Views(
  { clock, signingKeys }: IndexV3ViewsDeps,
  { maxIndexBytes }: { readonly maxIndexBytes: number },
): IndexV3Views {
  const latest = createByteBoundedCache<Made>(maxIndexBytes, ({ view }) => view.bytes.length + 1024);
  const inTurn = createInTurn();
  const keyOf = ({ image, branch, repository, architecture }: Group, { isUnverified }: IndexV3Source) =>
    `${image} ${branch} ${repository} ${architecture} ${isUnverified}`;

  const make = async (group: Group, source: IndexV3Source, before: Made | undefined): Promise<Made> => {
    const files = filesOf(source);
    const keys = [...source.keys, ...((await signingKeys.ofV3?.()) ?? [])];
    if (source.keys.length === 0)
      throw new GatewayError('SIGNING_KEY_LOCKED', 'there is no key to sign the index with: push a package first');
    const isSame = before !== undefined && isSameList(keys, before.keys) && isSameList(files, before.files, recordOf);
    const bytes = isSame ? before.view.bytes : await makeIndexV3File(files.map(recordOf), aboutOf(group), keys);
    const digest = isSame ? before.digest : digestOf(bytes);
    const { createdMs, isUnverified } = source;
    const lastModified = createdMs === undefined ? undefined : lastModifiedOf(createdMs, digest, clock.now());
    const view = { bytes, etag: `"${hexOf(digest)}"`, count: files.length, lastModified, isUnverified };
    return { source, view, files, keys, digest };
  };

  const peek = (key: string, source: IndexV3Source) => {
    const made = latest.get(key);
    return made?.source === source ? made.view : undefined;
  };

  return {
    async view(group, source) {
      const key = keyOf(group, source);
      return (
        peek(key, source) ??
        // One after the other: who waited most likely finds it made, or made of nearly the same.
        (await inTurn(key, async () => {
          const known = peek(key, source);
          if (known !== undefined) return known;
          const made = await make(group, source, latest.get(key));
          latest.set(key, made);
          return made.view;
        }))
      );
    },
    peek: (group, source) => peek(keyOf(group, source), source),
  };
}

function filesOf({ content }: IndexV3Source): readonly IndexedPackage[] {
  if (content !== undefined) return content.files();
  const message = 'the stored index is none of this gateway, and these credentials may not list tags to make another';
  throw new GatewayError('FORBIDDEN', message);
}

function recordOf({ pkg }: IndexedPackage): IndexV3Entry {
  return pkg.entry;
}

/** The words that APKINDEX has, too. */
function aboutOf({ branch, repository }: Group): { readonly description: string } {
  return { description: `${branch}/${repository}` };
}

function isSameList<T>(a: readonly T[], b: readonly T[], by: (one: T) => unknown = (one) => one): boolean {
  if (a === b) return true;
  return a.length === b.length && a.every((one, i) => one === b[i] || by(one) === by(b[i] ?? one));
}
