import { GatewayError } from '../../../errors.ts';
import { matchesGlob } from '../../../protocol/glob.ts';
import type { OutputFormat } from '../../shared/output-format.ts';
import { formatRows, type Column } from '../../shared/output.ts';
import { printLine } from '../../shared/terminal.ts';
import type { WithdrawnLine } from '../http/gateway-lines.ts';
import type { Session } from '../session.ts';

export interface WithdrawnOptions {
  readonly output: OutputFormat;
  /** Only packages of this name; `*` stands for any text. */
  readonly name?: string | undefined;
  /** Only of this architecture. */
  readonly arch?: string | undefined;
}

interface Within {
  readonly target: string;
  readonly branch?: string | undefined;
  readonly repository?: string | undefined;
}

type Row = WithdrawnLine & { readonly filePath: string };

/** Prints what was withdrawn from an image, or from one branch or repository of it, with who did it, when and why. */
export async function listWithdrawn(session: Session, within: Within, options: WithdrawnOptions): Promise<void> {
  const target = session.target(within.target);
  const gateway = await session.gateway(target);
  const places = (await gateway.repositories())
    .map(({ name = '' }) => name)
    .filter((name) => isWithin(name, within))
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
  const { stdout } = session.terminal;
  printLine(session.terminal, formatRows(wanted, columns, output, stdout.isTTY === true ? stdout.columns : undefined));
}

const columns: readonly Column<Row>[] = [
  { head: 'PATH', cell: ({ filePath }) => filePath },
  { head: 'WITHDRAWN', cell: ({ withdrawnAt }) => withdrawnAt },
  { head: 'BY', cell: ({ withdrawnBy = '' }) => withdrawnBy, mayBeCut: true },
  { head: 'REASON', cell: ({ reason = '' }) => reason, mayBeCut: true },
];

function isWithin(place: string, { branch, repository }: Within): boolean {
  const [ofBranch, ofRepository] = place.split('/');
  return (branch ?? ofBranch) === ofBranch && (repository ?? ofRepository) === ofRepository;
}
