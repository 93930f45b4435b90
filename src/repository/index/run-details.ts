import { deflateSync } from 'node:zlib';
import { decodeText, encodeText } from '../../apk/text.ts';
import { GatewayError } from '../../errors.ts';
import { digestOfHex, hexOf, type Digest } from '../../oci/digest.ts';
import { parseJson } from '../../oci/json.ts';
import {
  formatPackageProvenance,
  parsePackageProvenance,
  type PackageProvenance,
} from '../artifacts/package-provenance.ts';
import {
  formatPackageSignature,
  parsePackageSignature,
  type PackageSignature,
} from '../artifacts/package-signature.ts';
import { freshPartOf, isFreshPart } from '../artifacts/package-tag.ts';
import type { IndexedPackage } from './indexed-package.ts';

/** What the registry knows of one record of a run. */
export interface RunDetails {
  readonly digest: Digest;
  /** The fresh parts of the record's tags; all else in a tag follows from the record. */
  readonly fresh: readonly string[];
  /** Those of them whose tags are held; none in what older versions wrote. */
  readonly held: readonly string[];
  readonly packager?: string | undefined;
  readonly pushedBy?: string | undefined;
  readonly signature?: PackageSignature | undefined;
  readonly provenance?: PackageProvenance | undefined;
}

const heldMark = '1';

/**
 * One JSON array a line: digest in hex, fresh parts, packager, pusher, the verdict on its signatures, which tags are held
 * (a character for each, `1` where it is), and how it came there if not by a push; empty text for what isn't known, and none of
 * it at the end of a line but for packager and pusher. zlib-packed.
 */
export function formatRunDetails(files: readonly IndexedPackage[]): Uint8Array {
  const lines = files.map(({ pkg, tags, held }) => {
    const marks = held.length === 0 ? '' : tags.map((tag) => (held.includes(tag) ? heldMark : '0')).join('');
    const signature = pkg.signature === undefined ? '' : formatPackageSignature(pkg.signature);
    const provenance = pkg.provenance === undefined ? '' : formatPackageProvenance(pkg.provenance);
    const optional = [signature, marks, provenance];
    return JSON.stringify([
      hexOf(pkg.digest),
      tags.map(freshPartOf),
      pkg.packager ?? '',
      pkg.pushedBy ?? '',
      ...optional.slice(0, optional.findLastIndex((text) => text !== '') + 1),
    ]);
  });
  return deflateSync(encodeText(lines.join('\n')), { level: 6 });
}

/** The details of a run's records, in their order, from the unpacked lines. Throws INDEX_MALFORMED. */
export function parseRunDetails(lines: Uint8Array): readonly RunDetails[] {
  const { text } = decodeText(lines);
  return text === '' ? [] : text.split('\n').map(parseLine);
}

function parseLine(line: string): RunDetails {
  const [hex, fresh, packager, pushedBy, signature, held, provenance]: unknown[] = parseArray(line);
  if (typeof hex !== 'string' || !/^[0-9a-f]{64}$/.test(hex)) throw malformed('details without a digest');
  if (!Array.isArray(fresh) || fresh.length === 0 || !fresh.every(isFreshPart))
    throw malformed('details without a tag');
  const marks = textOrNothing(held) ?? '';
  return {
    digest: digestOfHex(hex),
    fresh,
    held: fresh.filter((_fresh, i) => marks[i] === heldMark),
    packager: textOrNothing(packager),
    pushedBy: textOrNothing(pushedBy),
    signature: parsePackageSignature(textOrNothing(signature)),
    provenance: parsePackageProvenance(textOrNothing(provenance)),
  };
}

function parseArray(line: string): unknown[] {
  const value = parseJson(line);
  if (Array.isArray(value)) return value;
  throw malformed('details that are no JSON array');
}

function textOrNothing(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A fault of a stored run. */
export function malformed(what: string): GatewayError {
  return new GatewayError('INDEX_MALFORMED', `a stored index run is damaged: ${what}`);
}
