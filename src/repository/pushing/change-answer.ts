import { GatewayError } from '../../errors.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import type { ChangedPackage } from '../service/lifecycle.ts';
import type { Selected } from './selection.ts';

/** PACKAGE_UNKNOWN: of all that was asked for of a repository nothing is there. */
export function nothingSelected(
  missing: readonly string[],
  { branch, repository }: RepositoryCoordinates,
): GatewayError {
  const [first = '', ...others] = missing;
  const more = others.length === 0 ? '' : ` nor ${others.length} more that was asked for`;
  return new GatewayError('PACKAGE_UNKNOWN', `${branch}/${repository} has no ${first}${more}`, {
    details: { file: first },
  });
}

/** What of a selection is in none of the places where it was looked for. */
export function missingInAll(...places: readonly Selected<unknown>[]): readonly string[] {
  const [first, ...others] = places.map(({ missing }) => missing);
  // Sets: there may be 50,000 of them.
  const missingElsewhere = others.map((missing) => new Set(missing));
  return (first ?? []).filter((one) => missingElsewhere.every((missing) => missing.has(one)));
}

/** Each package once, however many tags it has. */
export function packagesOf(tags: readonly { readonly pkg: PackageRecord }[]): readonly PackageRecord[] {
  const packages = new Map(tags.map(({ pkg }) => [`${pkg.architecture}/${pkg.fileName} ${pkg.digest}`, pkg]));
  return [...packages.values()];
}

/** A package in an answer. */
export function changed(
  { architecture, fileName, entry, digest }: PackageRecord,
  outcome: ChangedPackage['outcome'],
  reason?: string,
): ChangedPackage {
  const { name, version, fileSize } = entry;
  return { architecture, fileName, name, version, digest, size: fileSize, outcome, reason };
}
