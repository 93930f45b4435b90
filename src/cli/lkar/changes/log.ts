import type { OutputFormat } from '../../shared/output-format.ts';
import { printRows, type Column } from '../../shared/output.ts';
import { secondsOf } from '../../shared/time-text.ts';
import { sayLine } from '../../shared/terminal.ts';
import { refuseUnknown } from '../commands/list.ts';
import type { HistoryLine } from '../http/gateway-lines.ts';
import type { Session } from '../session.ts';
import type { RepositoryPlace } from './change-report.ts';

export interface LogOptions {
  readonly output: OutputFormat;
  readonly limit?: string | undefined;
}

/** Prints what happened in a repository, the latest first, and how far that goes back. */
export async function showLog(session: Session, place: RepositoryPlace, { output, limit }: LogOptions): Promise<void> {
  const target = session.target(place.target);
  const gateway = await session.gateway(target);
  const { branch, repository } = place;
  const { events, deletionsSince, complete, more } = await gateway.history(branch, repository, limit);
  if (events.length === 0) await refuseUnknown(gateway, target, { branch, repository });
  printRows(session.terminal, events, columns, output);
  const higher = Math.min(10_000, 10 * events.length);
  if (more) sayLine(session.terminal, `there was more before; --limit ${higher} shows up to so many`);
  const partly = complete ? '' : ', and not all of it';
  sayLine(session.terminal, `what was deleted is remembered since ${secondsOf(deletionsSince)}${partly}`);
}

const columns: readonly Column<HistoryLine>[] = [
  { head: 'WHEN', cell: ({ at }) => secondsOf(at) },
  { head: 'WHAT', cell: ({ event }) => event },
  { head: 'PACKAGE', cell: ({ architecture, fileName }) => `${architecture}/${fileName}` },
  { head: 'BY', cell: ({ by = '' }) => by, mayBeCut: true },
  { head: 'WHY', cell: ({ reason, from }) => reason ?? (from === undefined ? '' : `from ${from}`), mayBeCut: true },
];
