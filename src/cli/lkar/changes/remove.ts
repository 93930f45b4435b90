import { GatewayError, isGatewayError } from '../../../errors.ts';
import { printLine, sayLine } from '../../shared/terminal.ts';
import type { GatewayClient } from '../http/gateway-client.ts';
import type { Session } from '../session.ts';
import { reportChange } from './change-report.ts';
import { checkFilePath } from '../commands/file-path.ts';
import { namesOf, type FromFile } from '../commands/names-from-file.ts';

export interface RemoveOptions extends FromFile {
  /** Why, for those who look it up later. */
  readonly reason?: string | undefined;
  /** Whether nobody fetches the bytes from now on. */
  readonly now?: boolean | undefined;
  /** Only says what would be removed. */
  readonly dryRun?: boolean | undefined;
}

const words = { deleted: 'removed', unchanged: 'gone already' };

/**
 * Deletes files, each under its `BRANCH/REPOSITORY/ARCH/FILE`; without ARCH in every one that has it, and `*` in FILE stands for
 * any text. All of one repository go at once. What can't be deleted is said, and the others go on; the first such fault is
 * thrown in the end.
 */
export async function remove(
  session: Session,
  target: string,
  given: readonly string[],
  options: RemoveOptions,
): Promise<void> {
  const filePaths = await namesOf(session, given, options, 'file');
  filePaths.forEach(checkFilePath);
  const gateway = await session.gateway(session.target(target));
  const [only = ''] = filePaths;
  const isPlain =
    filePaths.length === 1 && !only.includes('*') && options.dryRun !== true && options.reason === undefined;
  if (isPlain) {
    await removeOne(session, gateway, only, options);
    return;
  }
  const faults: GatewayError[] = [];
  for (const [place, files] of byRepository(filePaths)) {
    try {
      await removeTogether(session, gateway, place, files, options);
    } catch (error) {
      if (!isOfThese(error)) throw error;
      faults.push(error);
      sayLine(session.terminal, `error: ${place}: ${error.message}`);
    }
  }
  const [first] = faults;
  if (first !== undefined) throw new GatewayError(first.code, 'not all of them were removed', { cause: first });
}

async function removeOne(
  { terminal }: Session,
  gateway: GatewayClient,
  filePath: string,
  { now }: RemoveOptions,
): Promise<void> {
  await gateway.remove(filePath, now);
  printLine(terminal, `removed ${filePath}`);
}

/** All of one repository in one change; one after the other at a gateway that knows no such change. */
async function removeTogether(
  session: Session,
  gateway: GatewayClient,
  place: string,
  files: readonly string[],
  options: RemoveOptions,
): Promise<void> {
  const { reason, now, dryRun } = options;
  const [branch = '', repository = ''] = place.split('/');
  try {
    const change = await gateway.post(branch, repository, 'delete', { files, reason, now, dryRun });
    reportChange(session, { branch, repository }, change, words);
  } catch (error) {
    if (!isGatewayError(error) || error.details['status'] !== 405 || dryRun === true) throw error;
    for (const file of files) await removeOne(session, gateway, `${place}/${file}`, options);
  }
}

function byRepository(filePaths: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const files = new Map<string, string[]>();
  for (const filePath of filePaths) {
    const [branch, repository, ...file] = filePath.split('/');
    const place = `${branch}/${repository}`;
    const known = files.get(place) ?? [];
    known.push(file.join('/'));
    files.set(place, known);
  }
  return files;
}

/** Who isn't let in, or reaches nobody, fares no better with the next repository. */
function isOfThese(error: unknown): error is GatewayError {
  return isGatewayError(error) && !isGatewayError(error, 'UNAUTHORIZED', 'STORE_UNAVAILABLE', 'ABORTED');
}
