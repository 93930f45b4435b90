import { GatewayError } from '../../errors.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import type { LiveTag } from '../live/live-set.ts';
import type { Change, ChangedPackage, ChangeOptions, Selection } from '../service/lifecycle.ts';
import { removeAll } from './removal.ts';
import { liveTagsIn, scopeOfSelection, select } from './selection.ts';
import type { Work } from './work.ts';

/** Deletes all that is selected, twins included, in one change of the index. Throws PACKAGE_UNKNOWN where nothing of it is there. */
export async function deleteFiles(
  work: Work,
  selection: Selection,
  { isDryRun = false }: ChangeOptions = {},
): Promise<Change> {
  const seen = await work.look(scopeOfSelection(selection));
  const { found, missing } = select(liveTagsIn(seen), ({ pkg }) => pkg, selection);
  if (found.length === 0) throw nothingSelected(missing);
  if (!isDryRun) await removeAll(work, found);
  return { isDryRun, packages: packagesOf(found).map((pkg) => changed(pkg, 'deleted')), missing, notes: [] };
}

/** PACKAGE_UNKNOWN: of all that was asked for nothing is there. */
export function nothingSelected(missing: readonly string[]): GatewayError {
  const [first = '', ...others] = missing;
  const more = others.length === 0 ? '' : ` nor ${others.length} more that was asked for`;
  return new GatewayError('PACKAGE_UNKNOWN', `there is no ${first} here${more}`, { details: { file: first } });
}

/** Each package once, however many tags it has. */
export function packagesOf(tags: readonly LiveTag[]): readonly PackageRecord[] {
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
