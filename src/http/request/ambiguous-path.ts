import { NOARCH, knownArchitectures } from '../../apk/architectures.ts';
import { isGatewayError } from '../../errors.ts';

import type { FileAddress, FileReading } from './addressing.ts';

// A path that can be read in several ways means what is there.
const usualArchitectures = new Set([...knownArchitectures, NOARCH, 'all']);

/** The readings of a path with a file, the one that its last folder's name speaks for first. */
export function likeliestFirst(address: FileAddress): readonly FileReading[] {
  const isArchitecture = address.folder !== undefined && usualArchitectures.has(address.folder);
  return address.readings.toSorted((a, b) => rank(a, isArchitecture) - rank(b, isArchitecture));
}

/**
 * What the first reading finds that finds anything, the one with an architecture asked first; undefined where none does.
 * A refusal doesn't end the search, since it may be about an image that the path doesn't mean; where nothing is found, the
 * likelier reading's refusal is thrown.
 */
export async function findByReading<T>(
  address: FileAddress,
  find: (reading: FileReading) => Promise<T | undefined>,
): Promise<T | undefined> {
  const faults = new Map<FileReading, Error>();
  for (const reading of address.readings) {
    try {
      const found = await find(reading);
      if (found !== undefined) return found;
    } catch (error) {
      if (!isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN', 'PACKAGE_UNKNOWN', 'REPOSITORY_UNKNOWN')) throw error;
      faults.set(reading, error);
    }
  }
  const [likeliest] = likeliestFirst(address);
  const fault = likeliest && faults.get(likeliest);
  if (fault !== undefined) throw fault;
  return undefined;
}

function rank(reading: FileReading, isArchitecture: boolean): number {
  return (reading.architecture !== undefined) === isArchitecture ? 0 : 1;
}
