import * as z from 'zod';
import { parseJson } from '../../oci/json.ts';
import { signatureVerdicts } from '../../protocol/documents.ts';

/** A verdict and whose keys it is about: of `valid` the known keys' own file names, else those that the signatures give. */
export interface PackageSignature {
  readonly verdict: (typeof signatureVerdicts)[number];
  readonly keyNames: readonly string[];
}

/** What is said of a package that nobody looked at. */
export const uncheckedSignature: PackageSignature = Object.freeze({ verdict: 'unchecked', keyNames: [] });

const maxKeyNames = 8;
const maxKeyNameLength = 200;
const schema = z.object({
  verdict: z.enum(signatureVerdicts),
  keyNames: z.array(z.string().max(maxKeyNameLength)).max(maxKeyNames),
});

/** A verdict that is fit to be kept: names in print, each once, and not too many of them. */
export function packageSignature(verdict: PackageSignature['verdict'], keyNames: readonly string[]): PackageSignature {
  const printable = keyNames.map((name) => name.replace(/[^\x20-\x7e]/g, '?').slice(0, maxKeyNameLength));
  return { verdict, keyNames: [...new Set(printable)].slice(0, maxKeyNames) };
}

/** The verdict as an annotation holds it. */
export function formatPackageSignature({ verdict, keyNames }: PackageSignature): string {
  return JSON.stringify({ verdict, keyNames });
}

/** A verdict that was kept; undefined where it is none: anybody who may push can write anything there. */
export function parsePackageSignature(text: string | undefined): PackageSignature | undefined {
  if (text === undefined) return undefined;
  const { data } = schema.safeParse(parseJson(text));
  return data && packageSignature(data.verdict, data.keyNames);
}
