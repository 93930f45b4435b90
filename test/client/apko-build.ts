import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { findClient } from '../support/clients.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { mustSucceed, runProgram, type ProgramResult } from './apk-root.ts';

const apko = findClient('apko');

/** What an image is built of. */
export interface Build {
  readonly repositories: readonly string[];
  readonly keyring?: readonly string[];
  readonly packages: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** An image that apko built, or how it failed. */
export interface Built extends ProgramResult {
  /** The text of a file in one of its layers. */
  read(file: string): Promise<string>;
}

/** Builds an image from these packages, with nothing in apko's cache. */
export async function build(given: Build): Promise<Built> {
  const folder = await aFolder(given);
  return await buildIn(folder, given, []);
}

/** Has apko write down what it would build from, as of now; returns what builds exactly that later, with nothing in its cache. */
export async function lock(given: Build): Promise<() => Promise<Built>> {
  const folder = await aFolder(given);
  const env = { HOME: folder, ...given.env };
  const locked = await runProgram(apko!.program, ['lock', '--output', 'apko.lock.json', 'apko.yaml'], {
    ...{ cwd: folder, env },
  });
  mustSucceed('apko lock', locked);
  return async () => {
    await rm(path.join(folder, '.cache'), { recursive: true, force: true });
    return await buildIn(folder, given, ['--lockfile', 'apko.lock.json']);
  };
}

async function aFolder({ packages, repositories, keyring }: Build): Promise<string> {
  const temporary = await makeTempDir();
  onTestFinished(() => temporary.remove());
  // JSON is YAML.
  const config = { contents: { repositories, keyring, packages }, archs: ['x86_64'] };
  await writeFile(path.join(temporary.path, 'apko.yaml'), JSON.stringify(config));
  return temporary.path;
}

async function buildIn(folder: string, { env }: Build, more: readonly string[]): Promise<Built> {
  const args = ['build', '--sbom=false', '--vcs=false', ...more, 'apko.yaml', 'team/app:latest', 'image.tar'];
  const result = await runProgram(apko!.program, args, { cwd: folder, env: { HOME: folder, ...env } });
  return {
    ...result,
    async read(file) {
      const script = 'tar -xf image.tar; for layer in *.tar.gz; do tar -xOzf "$layer" "$1" && exit; done; exit 1';
      return mustSucceed(`reading ${file}`, await runProgram('sh', ['-c', script, 'sh', file], { cwd: folder }));
    },
  };
}
