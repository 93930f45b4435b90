import { createHash } from 'node:crypto';
import { readProgramFile } from '../../../files/program-file.ts';

/** A file that pages refer to, under a name that changes with its content. */
export interface Asset {
  readonly path: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** All files that pages refer to. */
export interface Assets {
  readonly style: Asset;
  readonly script: Asset;
  readonly icon: Asset;
  /** By the path of a request; undefined where none has that very path. */
  find(path: string): Asset | undefined;
}

/** Where they are served, below whatever prefix a proxy takes off. */
export const assetFolder = '/_assets/';

/** Reads the files beside this program once. */
export function readAssets(): Assets {
  const style = readAsset('pages', 'css', 'text/css; charset=utf-8');
  const script = readAsset('pages', 'js', 'text/javascript; charset=utf-8');
  const icon = readAsset('icon', 'svg', 'image/svg+xml');
  const byPath = new Map([style, script, icon].map((asset) => [asset.path, asset]));
  return { style, script, icon, find: (path) => byPath.get(path) };
}

function readAsset(name: string, extension: string, contentType: string): Asset {
  const bytes = readProgramFile(`#assets/${name}.${extension}`);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  return { path: `${assetFolder}${name}.${hash}.${extension}`, contentType, bytes };
}
