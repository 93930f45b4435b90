import type { Exchange } from '../../exchange/exchange.ts';
import { splitPath } from '../../request/request-path.ts';
import { shortened } from './page-text.tsx';

/** Where somebody may go from a page that isn't there. */
export interface WaysOut {
  /** What they seem to have looked for. */
  readonly wanted?: string | undefined;
  /** What is above it, without the proxy's prefix. */
  readonly up?: { readonly path: string; readonly label: string } | undefined;
}

/** By the address alone: the package it names, else the last that its path names. */
export function waysOutOf(exchange: Pick<Exchange, 'path' | 'query'>): WaysOut {
  const { path } = exchange;
  const segments = splitPath(path);
  const named = exchange.query('package');
  if (named !== undefined) return { wanted: named, up: { path, label: segments.slice(-2).join('/') } };
  const wanted = segments.at(-1);
  const image = segments[0] === 'apk' ? segments.slice(1, -2).join('/') : '';
  return { wanted, up: image === '' ? undefined : { path: `/_images/${image}`, label: shortened(image, 60) } };
}
