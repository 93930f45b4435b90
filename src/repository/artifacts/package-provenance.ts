import * as z from 'zod';
import { parseJson } from '../../oci/json.ts';

/** How a package came to be where it is, where nobody pushed it there. */
export interface PackageProvenance {
  /** `<image>/<branch>/<repository>` that it was promoted from. */
  readonly promotedFrom?: string | undefined;
  readonly promotedBy?: string | undefined;
  /** Who took a withdrawal back; an empty name where nobody said who they are. */
  readonly restoredBy?: string | undefined;
}

const maxPlaceLength = 500;
const maxNameLength = 200;
const name = z.string().max(maxNameLength);
const schema = z.object({
  promotedFrom: z.string().max(maxPlaceLength).optional(),
  promotedBy: name.optional(),
  restoredBy: name.optional(),
});

/** The provenance as an annotation and the details of an index hold it. */
export function formatPackageProvenance({ promotedFrom, promotedBy, restoredBy }: PackageProvenance): string {
  return JSON.stringify({ promotedFrom, promotedBy, restoredBy });
}

/** A provenance that was kept; undefined where it is none: anybody who may push can write anything there. */
export function parsePackageProvenance(text: string | undefined): PackageProvenance | undefined {
  if (text === undefined) return undefined;
  const { data } = schema.safeParse(parseJson(text));
  return data && packageProvenance(data);
}

/** A provenance that is fit to be kept: its texts in print, and not too long; undefined where it says nothing. */
export function packageProvenance(told: PackageProvenance): PackageProvenance | undefined {
  const { promotedFrom, promotedBy, restoredBy } = told;
  if (promotedFrom === undefined && promotedBy === undefined && restoredBy === undefined) return undefined;
  return {
    ...(promotedFrom !== undefined && { promotedFrom: printable(promotedFrom, maxPlaceLength) }),
    ...(promotedBy !== undefined && { promotedBy: printable(promotedBy, maxNameLength) }),
    ...(restoredBy !== undefined && { restoredBy: printable(restoredBy, maxNameLength) }),
  };
}

function printable(text: string, maxLength: number): string {
  return text.replace(/\p{C}/gu, '?').slice(0, maxLength);
}
