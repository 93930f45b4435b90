import { readFileSync } from 'node:fs';

/** This program's version, from its package.json. */
export function readVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  // Without a schema: it is read at each start.
  const { version } = JSON.parse(text) as { readonly version: string };
  return version;
}
