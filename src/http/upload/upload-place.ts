import { GatewayError, isGatewayError } from '../../errors.ts';
import type { Caller } from '../../repository/service/caller.ts';
import type { Publication, StagedPackage } from '../../repository/service/publishing.ts';
import type { FileReading } from '../request/addressing.ts';

/** Where an upload may belong: the likeliest reading of its path first, and the last folder that may be an architecture. */
export interface UploadTarget {
  readonly readings: readonly FileReading[];
  readonly folder?: string | undefined;
}

/** The right to push to a place, as it was given to this caller. */
export interface Begun {
  readonly reading: FileReading;
  readonly caller: Caller;
  readonly publication: Publication;
}

/** Asks the right to push to a place. */
export type Begin = (reading: FileReading) => Promise<Begun>;

/** The right to push to the likeliest place, else to the other: only the packages themselves will tell which is meant. */
export async function beginLikeliest({ readings }: UploadTarget, begin: Begin): Promise<Begun> {
  const [likeliest, other] = readings;
  if (likeliest === undefined) throw new TypeError('an upload needs a place');
  try {
    return await begin(likeliest);
  } catch (error) {
    if (other === undefined || !isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) throw error;
    return await begin(other).catch(() => {
      throw error;
    });
  }
}

/** The place that the packages tell: the one begun, or the other, for which the right is asked then. */
export async function moveToPlace(
  begun: Begun,
  target: UploadTarget,
  packages: readonly StagedPackage[],
  begin: Begin,
): Promise<Begun> {
  const place = await cancelOnFault(begun, () => placeOf(target, packages));
  if (place === begun.reading) return begun;
  await begun.publication.cancel();
  return begin(place);
}

/** What `work` gives; where it fails the right is given back. */
export async function cancelOnFault<T>({ publication }: Begun, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await publication.cancel();
    throw error;
  }
}

/** The last folder is the architecture only where it is the packages' own. */
function placeOf(target: UploadTarget, packages: readonly StagedPackage[]): FileReading {
  const { folder, readings } = target;
  const own = packages.map(({ summary }) => [summary.architecture, summary.entry.architecture]);
  const isArchitecture = folder !== undefined && own.every((names) => names.includes(folder));
  const place = readings.find((reading) => (reading.architecture !== undefined) === isArchitecture);
  if (place !== undefined) return place;
  if (isArchitecture) throw new GatewayError('REQUEST_INVALID', `the path names no repository before ${folder}`);
  const message = `the package is made for ${own[0]?.[0] ?? 'nothing'}, the path says ${folder ?? 'nothing'}`;
  throw new GatewayError('ARCHITECTURE_INVALID', message);
}
