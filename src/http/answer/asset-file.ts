import { readFileSync } from 'node:fs';

/** A file that comes with this program, in `assets`. Called at the start, so that one that isn't there stops it. */
export function readAssetFile(name: string): Buffer {
  // src/http/answer and dist/http/answer are equally deep.
  return readFileSync(new URL(`../../../assets/${name}`, import.meta.url));
}
