import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Where a file lies that comes with this program: `#assets/…` or `#package.json`, as its package.json has them under `imports`. */
export function programFilePath(name: string): string {
  return require.resolve(name);
}

/** The whole of such a file. Called at the start, so that one that isn't there stops the program. */
export function readProgramFile(name: string): Buffer {
  return readFileSync(programFilePath(name));
}
