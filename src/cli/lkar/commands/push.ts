import type { PushedFile } from '../http/gateway-client.ts';
import { createProgress } from './progress.ts';
import { localFilesOf, pushBodyOf } from './push-body.ts';
import type { Session } from '../session.ts';
import { printLine, sayLine } from '../../shared/terminal.ts';
import { waitUntilServed } from './wait.ts';

export interface PushOptions {
  /** The gateway that is to serve the packages before the command ends. */
  readonly wait?: string | undefined;
  /** Milliseconds that this may take. */
  readonly waitTimeout: number;
}

/**
 * Pushes files as one change of the index, all or none. Bytes that are there already are no fault; other bytes under that
 * name are PACKAGE_EXISTS.
 */
export async function push(
  session: Session,
  place: { readonly target: string; readonly branch: string; readonly repository: string },
  paths: readonly string[],
  options: PushOptions,
): Promise<void> {
  const { terminal } = session;
  const target = session.target(place.target);
  const gateway = await session.gateway(target);
  const files = await localFilesOf(paths);
  const progress = createProgress(terminal, 'uploading', files);
  const body = pushBodyOf(files, progress.reach);
  const pushed = await gateway.push(place.branch, place.repository, body).finally(progress.stop);
  if (pushed === undefined) printLine(terminal, `pushed ${paths.join(' ')}`);
  for (const file of pushed ?? []) report(session, file);
  if (options.wait !== undefined) {
    await waitUntilServed(session, { ...place, target, gateway: options.wait }, paths, options.waitTimeout);
  }
}

function report({ terminal }: Session, file: PushedFile): void {
  printLine(terminal, `${file.outcome === 'unchanged' ? 'already there' : 'published'} ${file.filePath}`);
  for (const warning of file.warnings) sayLine(terminal, `warning: ${file.fileName}: ${warning}`);
}
