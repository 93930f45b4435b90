import { NOARCH } from '../../apk/architectures.ts';
import { isV3Entry } from '../../apk/index-v3/index-v3-record.ts';
import { GatewayError } from '../../errors.ts';
import { snapshotIn, type RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import type { LiveTag } from '../live/live-set.ts';

type Named = Pick<LiveTag, 'pkg'>;

/** PACKAGE_EXISTS, with the files at fault; `owners` are the packages that have the names, where they are known. */
export function nameTaken(
  files: readonly Named[],
  identical: boolean,
  owners: readonly PackageRecord[] = [],
): GatewayError {
  const names = namesOf(files);
  const what = identical ? 'identical bytes are there already' : `${others(files, owners)} there under that name`;
  return new GatewayError('PACKAGE_EXISTS', `${names}: ${what}`, { details: { file: names, identical } });
}

function others(files: readonly Named[], owners: readonly PackageRecord[]): string {
  const hasV3 = (packages: readonly PackageRecord[]) => packages.some(({ entry }) => isV3Entry(entry));
  const isOtherFormat = owners.length > 0 && hasV3(owners) !== hasV3(files.map(({ pkg }) => pkg));
  return isOtherFormat ? `a package of the other format (apk ${hasV3(owners) ? 'v3' : 'v2'}) is` : 'other bytes are';
}

/** PACKAGE_WITHDRAWN: somebody deleted one of the files before their push was done. */
export function withdrawnMeanwhile(files: readonly Named[]): GatewayError {
  const names = namesOf(files);
  const details = { file: names };
  return new GatewayError('PACKAGE_WITHDRAWN', `${names}: deleted before its push was done`, { details });
}

/** Throws SNAPSHOT_IMMUTABLE where a snapshot stands in the branch's place: nothing of it ever changes. */
export function refuseSnapshot({ branch }: Pick<RepositoryCoordinates, 'branch'>): void {
  const snapshot = snapshotIn(branch);
  if (snapshot === undefined) return;
  const message = `${branch} is a snapshot, which never changes; ${snapshot.branch} is its branch`;
  throw new GatewayError('SNAPSHOT_IMMUTABLE', message, { details: { snapshot: snapshot.name } });
}

/** PUBLISH_TIMEOUT, of a push that slept. */
export function tooLate(): GatewayError {
  const details = { retryAfterSeconds: 5 };
  return new GatewayError('PUBLISH_TIMEOUT', 'this push took too long to be sure of its names; push again', {
    details,
  });
}

/** PACKAGE_UNKNOWN: nobody can give what the registry has lost. */
export function bytesGone(fileName: string): GatewayError {
  const details = { file: fileName };
  return new GatewayError('PACKAGE_UNKNOWN', `the registry has lost the bytes of ${fileName}`, { details });
}

/** PACKAGE_UNKNOWN, with a hint where a noarch package has that name. */
export function unknownFile(
  { architecture, fileName }: { readonly architecture: string | undefined; readonly fileName: string },
  there: readonly Named[],
): GatewayError {
  const isNoarch = there.some(({ pkg }) => pkg.architecture === NOARCH);
  const where = architecture === undefined ? 'in any architecture' : `in ${architecture}`;
  const hint = isNoarch ? `; it is a noarch package, to be deleted as ${NOARCH}/${fileName}` : '';
  const details = { file: fileName };
  return new GatewayError('PACKAGE_UNKNOWN', `there is no ${fileName} ${where}${hint}`, { details });
}

/** REPOSITORY_UNKNOWN: nothing is there that could be changed. */
export function unknownRepository({ image, branch, repository }: RepositoryCoordinates): GatewayError {
  return new GatewayError('REPOSITORY_UNKNOWN', `there are no packages in ${branch}/${repository} of ${image}`);
}

function namesOf(files: readonly Named[]): string {
  return files.map(({ pkg }) => pkg.fileName).join(', ');
}
