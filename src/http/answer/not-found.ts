import { splitPath } from '../request/request-path.ts';
import { verbs } from '../request/addressing.ts';

/** Why nothing is under a path, in one line: mostly a part of the address was left out. */
export function explainAbsence(path: string, { singleImage }: { readonly singleImage?: string | undefined }): string {
  const place = singleImage === undefined ? '/apk/<image>/<branch>/<repository>' : '/apk/<branch>/<repository>';
  const last = splitPath(path).at(-1) ?? '';
  if (verbs.has(last)) return `nothing here: ${last} is at ${place}/${last}`;
  return `nothing here; an index is at ${place}/<arch>/APKINDEX.tar.gz`;
}
