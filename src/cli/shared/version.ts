import { readProgramFile } from '../../files/program-file.ts';

/** This program's version, from its package.json. */
export function readVersion(): string {
  const text = readProgramFile('#package.json').toString();
  // Without a schema: it is read at each start.
  const { version } = JSON.parse(text) as { readonly version: string };
  return version;
}
