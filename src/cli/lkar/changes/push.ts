import { GatewayError } from '../../../errors.ts';
import type { OutputFormat } from '../../shared/output-format.ts';
import { asOneLine, printLine, sayLine } from '../../shared/terminal.ts';
import type { GatewayClient } from '../http/gateway-client.ts';
import type { PushedFile } from '../http/gateway-lines.ts';
import { reporting, type ChangeReport } from './change-report.ts';
import type { Session } from '../session.ts';
import { checkPackages } from '../commands/check-packages.ts';
import { namesOf, type FromFile } from '../commands/names-from-file.ts';
import { createProgress } from '../commands/progress.ts';
import { pushBodyOf, type LocalFile } from '../commands/push-body.ts';
import { waitUntilServed } from '../commands/wait.ts';

export interface PushOptions extends FromFile {
  /** Whether more files than one push takes go as several. */
  readonly batches?: boolean | undefined;
  /** The gateway that is to serve the packages before the command ends. */
  readonly wait?: string | undefined;
  /** Milliseconds that this may take. */
  readonly waitTimeout: number;
  readonly output: OutputFormat;
}

interface Place {
  readonly target: string;
  readonly branch: string;
  readonly repository: string;
}

/** The most files that a gateway takes in one push. */
const maxFiles = 1000;

/**
 * Pushes files as one change of the index, all or none, or in batches where told so. Each is checked before anything is sent.
 * Bytes that are there already are no fault; other bytes under that name are PACKAGE_EXISTS.
 */
export async function push(
  session: Session,
  place: Place,
  given: readonly string[],
  options: PushOptions,
): Promise<void> {
  const target = session.target(place.target);
  const paths = await namesOf(session, given, options, 'package');
  const batches = batchesOf(paths, options.batches === true);
  const packages = await checkPackages(session, paths);
  const gateway = await session.gateway(target);
  const fileOf = new Map(packages.map((pkg) => [pkg.file.path, pkg.file]));
  await reporting(session, options.output, async (report) => {
    for (const batch of batches) {
      const files = batch.flatMap((path) => fileOf.get(path) ?? []);
      const pushed = await pushOnce(session, gateway, place, files);
      // Some gateways say no more than that it was well.
      const say = options.output === 'table' ? printLine : sayLine;
      if (pushed === undefined) say(session.terminal, `pushed ${files.map(({ path }) => path).join(' ')}`);
      for (const file of pushed ?? []) tell(session, report, target.image, file);
    }
  });
  if (options.wait === undefined) return;
  await waitUntilServed(session, { ...place, target, gateway: options.wait }, packages, options.waitTimeout);
}

/** Throws REQUEST_INVALID for more files than one push takes, unless several are wanted. */
function batchesOf(paths: readonly string[], mayBeSeveral: boolean): readonly (readonly string[])[] {
  if (paths.length > maxFiles && !mayBeSeveral) {
    const message = `${paths.length} files are more than the ${maxFiles} of one push; --batches sends them as several`;
    throw new GatewayError('REQUEST_INVALID', message);
  }
  const count = Math.ceil(paths.length / maxFiles);
  return Array.from({ length: count }, (_, at) => paths.slice(at * maxFiles, (at + 1) * maxFiles));
}

async function pushOnce(
  { terminal }: Session,
  gateway: GatewayClient,
  { branch, repository }: Place,
  files: readonly LocalFile[],
): Promise<readonly PushedFile[] | undefined> {
  const progress = createProgress(terminal, 'uploading', files);
  const body = pushBodyOf(files, progress.reach);
  return await gateway.push(branch, repository, body).finally(progress.stop);
}

function tell({ terminal }: Session, report: ChangeReport, image: string | undefined, file: PushedFile): void {
  report.addRow({ image, ...file, dryRun: false }, { unchanged: 'already there' });
  for (const warning of file.warnings) {
    sayLine(terminal, asOneLine(`warning: ${file.fileName}: ${warning}`));
  }
}
