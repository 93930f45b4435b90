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

/** Looks for packages, as `choosePackages` understands their names. */
export async function offerOf(source: Work, wanted: readonly string[]): Promise<Offer> {
  const listed = listedIn(await source.look([EVERY]));
  const all = new Map([...listed.values()].flat().map((one) => [`${one.architecture}/${one.pkg.fileName}`, one]));
  const { found, newest, missing } = choosePackages([...all.values()], wanted);
  return { chosen: found, newest, missing, listed };
}

/** What each index lists; noarch's own only where there is no other. */
export function listedIn(seen: Look): ReadonlyMap<string, readonly Offered[]> {
  const others = seen.architectures.filter((architecture) => architecture !== NOARCH);
  const architectures = others.length > 0 ? others : seen.architectures;
  const filesOf = (architecture: string) =>
    seen.target(architecture).files.map(({ pkg }) => ({ architecture: pkg.architecture, entry: pkg.entry, pkg }));
  return new Map(architectures.map((architecture) => [architecture, filesOf(architecture)]));
}
