import { GatewayError, isGatewayError } from '../../../errors.ts';
import { printLine, sayLine } from '../../shared/terminal.ts';
import type { Session } from '../session.ts';
import { checkFilePath } from './file-path.ts';
import { namesOf, type FromFile } from './names-from-file.ts';

/**
 * Deletes files, one after the other, each under its `BRANCH/REPOSITORY/ARCH/FILE`; without ARCH in every one that has it. One
 * that can't be deleted is said, and the others go on; the first such fault is thrown in the end.
 */
export async function remove(
  session: Session,
  target: string,
  given: readonly string[],
  options: FromFile,
): Promise<void> {
  const filePaths = await namesOf(session, given, options, 'file');
  filePaths.forEach(checkFilePath);
  const gateway = await session.gateway(session.target(target));
  const faults: GatewayError[] = [];
  for (const filePath of filePaths) {
    try {
      await gateway.remove(filePath);
      printLine(session.terminal, `removed ${filePath}`);
    } catch (error) {
      if (filePaths.length === 1 || !isOfOneFile(error)) throw error;
      faults.push(error);
      sayLine(session.terminal, `error: ${filePath}: ${error.message}`);
    }
  }
  const [first] = faults;
  if (first === undefined) return;
  throw new GatewayError(first.code, `${faults.length} of ${filePaths.length} files were not removed`, {
    cause: first,
  });
}

/** Who isn't let in, or reaches nobody, fares no better with the next file. */
function isOfOneFile(error: unknown): error is GatewayError {
  return isGatewayError(error) && !isGatewayError(error, 'UNAUTHORIZED', 'STORE_UNAVAILABLE', 'ABORTED');
}
