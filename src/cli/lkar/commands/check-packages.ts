import { createReadStream } from 'node:fs';
import { readAnyPackage } from '../../../apk/any-package.ts';
import { GatewayError, isGatewayError } from '../../../errors.ts';
import { sayLine } from '../../shared/terminal.ts';
import type { Session } from '../session.ts';
import { localFileOf, type LocalFile } from './push-body.ts';

/** A file to push, and what it says of itself; undefined for what only the gateway may know. */
export interface CheckedPackage {
  readonly file: LocalFile;
  readonly summary: PackageFacts | undefined;
}

/** What a package is known by in an index. */
export interface PackageFacts {
  readonly fileName: string;
  readonly architecture: string;
  readonly identity: string;
}

type Looked = { readonly pkg: CheckedPackage } | { readonly path: string; readonly fault: GatewayError };

/**
 * Reads files as a gateway would, before anything is sent. Says each bad one, and throws the first one's fault: FILE_INVALID,
 * PACKAGE_MALFORMED, or PACKAGE_EXISTS where two have the same name.
 */
export async function checkPackages(
  { terminal, signal }: Pick<Session, 'terminal' | 'signal'>,
  paths: readonly string[],
): Promise<readonly CheckedPackage[]> {
  const looked: Looked[] = [];
  for (const path of new Set(paths)) looked.push(await look(path, signal));
  const good = looked.flatMap((one) => ('pkg' in one ? [one.pkg] : []));
  const bad = [...looked.flatMap((one) => ('fault' in one ? [one] : [])), ...twinsAmong(good)];
  const [first] = bad;
  if (first === undefined) return good;
  if (looked.length === 1)
    throw new GatewayError(first.fault.code, `${first.path}: ${first.fault.message}`, { cause: first.fault });
  for (const { path, fault } of bad) sayLine(terminal, `error: ${path}: ${fault.message}`);
  const message = `${bad.length} of ${looked.length} files can't be pushed; nothing was sent`;
  throw new GatewayError(first.fault.code, message, { cause: first.fault });
}

async function look(path: string, signal: AbortSignal | undefined): Promise<Looked> {
  try {
    const file = await localFileOf(path);
    return { pkg: { file, summary: await factsOf(path, signal) } };
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if (isGatewayError(error)) return { path, fault: error };
    throw error;
  }
}

/** A gateway may be newer than this program: what this one doesn't know is left to it. */
async function factsOf(path: string, signal: AbortSignal | undefined): Promise<PackageFacts | undefined> {
  try {
    const { entry, fileName } = await readAnyPackage(createReadStream(path, { signal, highWaterMark: 256 * 1024 }));
    return { fileName, architecture: entry.architecture, identity: entry.identity };
  } catch (error) {
    if (isGatewayError(error, 'PACKAGE_UNSUPPORTED')) return undefined;
    throw error;
  }
}

function twinsAmong(packages: readonly CheckedPackage[]) {
  const seen = new Map<string, CheckedPackage>();
  return packages.flatMap((pkg) => {
    const { file, summary } = pkg;
    if (summary === undefined) return [];
    const name = `${summary.architecture}/${summary.fileName}`;
    const before = seen.get(name);
    seen.set(name, before ?? pkg);
    if (before === undefined || before.summary?.identity === summary.identity) return [];
    return [{ path: file.path, fault: new GatewayError('PACKAGE_EXISTS', `${before.file.path} is ${name} too`) }];
  });
}
