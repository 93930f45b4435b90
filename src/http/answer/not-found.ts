import type { Exchange } from '../exchange/exchange.ts';
import { indexFileName, verbOf } from '../../protocol/words.ts';
import { splitPath } from '../request/request-path.ts';
import { textAnswer } from './answer.ts';

/** 404 with the reason in one line: mostly a part of the address was left out. */
export function notFoundAnswer(
  { path }: Pick<Exchange, 'path'>,
  { singleImage }: { readonly singleImage?: string | undefined },
): Response {
  const place = singleImage === undefined ? '/apk/<image>/<branch>/<repository>' : '/apk/<branch>/<repository>';
  const last = splitPath(path).at(-1) ?? '';
  const text =
    verbOf(last) !== undefined
      ? `nothing here: ${last} is at ${place}/${last}`
      : `nothing here; an index is at ${place}/<arch>/${indexFileName}`;
  // Browsers get pages under some of these paths.
  return textAnswer(404, text, { Vary: 'Accept' });
}
