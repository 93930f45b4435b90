import { NOARCH } from '../../apk/architectures.ts';
import type { IndexV3Entry } from '../../apk/index-v3/index-v3-entry.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import { EVERY, type Look } from '../live/look.ts';
import type { Work } from '../pushing/work.ts';
import { choosePackages } from './package-choice.ts';

/** A package that an index lists. */
export interface Offered {
  readonly architecture: string;
  readonly entry: IndexV3Entry;
  readonly pkg: PackageRecord;
  /** What names its bytes there; nothing where a snapshot does. */
  readonly tags: readonly string[];
}

/** Packages of a source that are wanted, and what else is listed there. */
export interface Offer {
  readonly chosen: readonly Offered[];
  /** Those of them that are meant for being the newest there. */
  readonly newest: ReadonlySet<Offered>;
  /** What of the wanted names is nowhere. */
  readonly missing: readonly string[];
  /** By architecture, noarch packages in each. */
  readonly listed: ReadonlyMap<string, readonly Offered[]>;
}

/** What each index of a snapshot of a work's repository lists. Throws SNAPSHOT_UNKNOWN. */
export type PackagesOfSnapshot = (work: Work, name: string) => Promise<ReadonlyMap<string, readonly PackageRecord[]>>;

/** Looks for packages, as `choosePackages` understands their names. */
export async function offerOf(source: Work, wanted: readonly string[]): Promise<Offer> {
  return chosenFrom(listedIn(await source.look([EVERY])), wanted);
}

/** The same of what a snapshot has. */
export function offerOfSnapshot(
  packages: ReadonlyMap<string, readonly PackageRecord[]>,
  wanted: readonly string[],
): Offer {
  return chosenFrom(
    indexesIn([...packages.keys()], (architecture) =>
      (packages.get(architecture) ?? []).map((pkg) => ({ pkg, tags: [] })),
    ),
    wanted,
  );
}

function chosenFrom(listed: Offer['listed'], wanted: readonly string[]): Offer {
  const all = new Map([...listed.values()].flat().map((one) => [`${one.architecture}/${one.pkg.fileName}`, one]));
  const { found, newest, missing } = choosePackages([...all.values()], wanted);
  return { chosen: found, newest, missing, listed };
}

/** What each index lists, as `indexesIn` has it. */
export function listedIn(seen: Look): Offer['listed'] {
  return indexesIn(seen.architectures, (architecture) => seen.target(architecture).files);
}

/** What each index lists; noarch's own only where there is no other. */
function indexesIn(
  all: readonly string[],
  packagesIn: (architecture: string) => readonly Pick<Offered, 'pkg' | 'tags'>[],
): Offer['listed'] {
  const others = all.filter((architecture) => architecture !== NOARCH);
  const offered = ({ pkg, tags }: Pick<Offered, 'pkg' | 'tags'>) => ({
    architecture: pkg.architecture,
    entry: pkg.entry,
    pkg,
    tags,
  });
  return new Map((others.length > 0 ? others : all).map((one) => [one, packagesIn(one).map(offered)]));
}
