import { GatewayError } from '../../../errors.ts';
import { matchesGlob } from '../../../protocol/glob.ts';
import { printRows, type Column } from '../../shared/output.ts';
import { secondsOf } from '../../shared/time-text.ts';
import { isWithin, type ListOptions, type Within } from '../commands/list.ts';
import type { WithdrawnLine } from '../http/gateway-lines.ts';
import type { Session } from '../session.ts';

type Row = WithdrawnLine & { readonly filePath: string };

/** Prints what was withdrawn from an image, or from one branch or repository of it, with who did it, when and why. */
export async function listWithdrawn(session: Session, within: Within, options: ListOptions): Promise<void> {
  const target = session.target(within.target);
  const gateway = await session.gateway(target);
  const places = (await gateway.repositories())
    .map(({ name = '' }) => name)
    .filter((place) => {
      const [branch = '', repository = ''] = place.split('/');
      return isWithin(within, branch, repository);
    })
    .toSorted();
  if (places.length === 0) {
    throw new GatewayError('REPOSITORY_UNKNOWN', `${target.name} has nothing of that name, as far as this login sees`);
  }
  const rows: Row[] = [];
  for (const place of places) {
    const [branch = '', repository = ''] = place.split('/');
    for (const line of await gateway.withdrawn(branch, repository)) {
      rows.push({ ...line, filePath: [place, line.architecture, line.fileName].join('/') });
    }
  }
  const { name, arch, output } = options;
  const wanted = rows
    .filter((row) => name === undefined || matchesGlob(name, row.name))
    .filter((row) => arch === undefined || row.architecture === arch);
  printRows(session.terminal, wanted, columns, output);
}

const columns: readonly Column<Row>[] = [
  { head: 'PATH', cell: ({ filePath }) => filePath },
  { head: 'WITHDRAWN', cell: ({ withdrawnAt }) => secondsOf(withdrawnAt) },
  { head: 'BY', cell: ({ withdrawnBy = '' }) => withdrawnBy, mayBeCut: true },
  { head: 'REASON', cell: ({ reason = '' }) => reason, mayBeCut: true },
];
