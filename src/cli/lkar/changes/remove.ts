import { GatewayError, isGatewayError } from '../../../errors.ts';
import type { OutputFormat } from '../../shared/output-format.ts';
import { sayLine } from '../../shared/terminal.ts';
import type { GatewayClient } from '../http/gateway-client.ts';
import type { Session } from '../session.ts';
import { reporting, type ChangeReport } from './change-report.ts';
import { warnedChange, warnOfHolders } from './held-elsewhere.ts';
import { checkFilePath } from '../commands/file-path.ts';
import { namesOf, type FromFile } from '../commands/names-from-file.ts';

export interface RemoveOptions extends FromFile {
  /** Why, for those who look it up later. */
  readonly reason?: string | undefined;
  /** Whether nobody fetches the bytes from now on. */
  readonly now?: boolean | undefined;
  /** Only says what would be removed. */
  readonly dryRun?: boolean | undefined;
  readonly output: OutputFormat;
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
  const at = session.target(target);
  const removal = { gateway: await session.gateway(at), image: at.image, options };
  await reporting(session, options.output, async (report) => {
    const [only = ''] = filePaths;
    if (filePaths.length === 1 && isPlain(only, options)) await removeOne(session, removal, only, report);
    else await removeAll(session, removal, byRepository(filePaths), report);
  });
}

/** Whether it takes no more than any gateway does. */
function isPlain(filePath: string, { dryRun, reason, output }: RemoveOptions): boolean {
  return !filePath.includes('*') && dryRun !== true && reason === undefined && output === 'table';
}

/** What is the same for all files of one command. */
interface Removal {
  readonly gateway: GatewayClient;
  readonly image: string | undefined;
  readonly options: RemoveOptions;
}

async function removeAll(
  session: Session,
  removal: Removal,
  inPlaces: ReadonlyMap<string, readonly string[]>,
  report: ChangeReport,
): Promise<void> {
  const faults: GatewayError[] = [];
  for (const [place, files] of inPlaces) {
    try {
      await removeTogether(session, removal, place, files, report);
    } catch (error) {
      if (!isOfThese(error) || inPlaces.size === 1) throw error;
      faults.push(error);
      const isNamed = error.message.startsWith(place);
      sayLine(session.terminal, `error: ${isNamed ? '' : `${place}: `}${error.message}`);
    }
  }
  const [first] = faults;
  if (first !== undefined) throw new GatewayError(first.code, 'not all of them were removed', { cause: first });
}

async function removeOne(
  session: Session,
  { gateway, image, options }: Removal,
  filePath: string,
  report: ChangeReport,
): Promise<void> {
  await gateway.remove(filePath, options.now);
  const [branch = '', repository = '', ...file] = filePath.split('/');
  if (options.now === true) await warnOfHolders(session, gateway, { branch, repository }, [file.join('/')]);
  report.addRow({ image, filePath, outcome: 'deleted', dryRun: false }, words);
}

/** All of one repository in one change; one after the other at a gateway that knows no such change. */
async function removeTogether(
  session: Session,
  removal: Removal,
  place: string,
  files: readonly string[],
  report: ChangeReport,
): Promise<void> {
  const { gateway, image, options } = removal;
  const { reason, now, dryRun } = options;
  const [branch = '', repository = ''] = place.split('/');
  try {
    const change = await gateway.post(branch, repository, 'delete', { files, reason, now, dryRun });
    const told = now === true ? await warnedChange(session, gateway, { branch, repository }, change) : change;
    report.add({ image, branch, repository }, told, { done: words });
  } catch (error) {
    if (!isGatewayError(error) || error.details['status'] !== 405 || dryRun === true) throw error;
    for (const file of files) await removeOne(session, removal, `${place}/${file}`, report);
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
