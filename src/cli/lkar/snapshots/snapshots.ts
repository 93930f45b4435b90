import type { OutputFormat } from '../../shared/output-format.ts';
import { printRows } from '../../shared/output.ts';
import { formatSize } from '../../shared/size-text.ts';
import { secondsOf } from '../../shared/time-text.ts';
import { asOneLine, printLine, sayLine } from '../../shared/terminal.ts';
import type { RepositoryPlace } from '../changes/change-report.ts';
import { refuseUnknown } from '../commands/list.ts';
import type { SnapshotLine } from '../http/gateway-lines.ts';
import type { Session } from '../session.ts';

interface OutputOptions {
  readonly output: OutputFormat;
}

/** Keeps a repository as it is now; prints what stands in the branch's place to read it. SNAPSHOT_EXISTS where the name is taken. */
export async function createSnapshot(
  session: Session,
  of: RepositoryPlace,
  name: string,
  { output }: OutputOptions,
): Promise<void> {
  const gateway = await session.gateway(session.target(of.target));
  const made = await gateway.createSnapshot(of.branch, of.repository, name);
  const { count, size } = made.packages;
  if (output !== 'table') printRows(session.terminal, [made], [], output);
  else printLine(session.terminal, asOneLine(`made ${pathOf(made)} (${count} packages, ${formatSize(size)})`));
}

/** Prints the snapshots of a repository, the newest first. */
export async function listSnapshots(session: Session, of: RepositoryPlace, { output }: OutputOptions): Promise<void> {
  const target = session.target(of.target);
  const gateway = await session.gateway(target);
  const { branch, repository } = of;
  const rows = await gateway.snapshots(branch, repository);
  if (rows.length === 0) {
    await refuseUnknown(gateway, target, { branch, repository });
    if (output === 'table') {
      sayLine(session.terminal, `${branch}/${repository} has no snapshots`);
      return;
    }
  }
  const columns = [
    { head: 'NAME', cell: ({ name }: SnapshotLine) => name },
    { head: 'CREATED', cell: ({ createdAt }: SnapshotLine) => secondsOf(createdAt) },
    { head: 'BY', cell: ({ createdBy = '' }: SnapshotLine) => createdBy, mayBeCut: true },
    { head: 'PACKAGES', cell: ({ packages }: SnapshotLine) => String(packages.count) },
    { head: 'SIZE', cell: ({ packages }: SnapshotLine) => formatSize(packages.size) },
    { head: 'PATH', cell: pathOf },
  ];
  printRows(session.terminal, rows, columns, output);
}

/** Ends a snapshot; says where what it held stays stored. SNAPSHOT_UNKNOWN where there is none of that name. */
export async function removeSnapshot(
  session: Session,
  of: RepositoryPlace,
  name: string,
  { output }: OutputOptions,
): Promise<void> {
  const gateway = await session.gateway(session.target(of.target));
  const { branch, repository } = of;
  const { notes, freed } = await gateway.removeSnapshot(branch, repository, name);
  if (output !== 'table') printRows(session.terminal, [{ branch, repository, name, freed }], [], output);
  else printLine(session.terminal, `removed ${branch}@${name}/${repository}`);
  for (const note of notes) sayLine(session.terminal, asOneLine(`warning: ${note}`));
}

function pathOf({ branch, name, repository }: SnapshotLine): string {
  return `${branch}@${name}/${repository}`;
}
