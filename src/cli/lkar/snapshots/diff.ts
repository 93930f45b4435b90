import type { OutputFormat } from '../../shared/output-format.ts';
import { printRows, type Column } from '../../shared/output.ts';
import { sayLine } from '../../shared/terminal.ts';
import { architectureOf, byPlaceAndName } from '../commands/package-order.ts';
import type { PackageLine } from '../http/gateway-lines.ts';
import type { Session } from '../session.ts';

/** What became of one package of one architecture between two listings. */
export interface PackageDifference {
  /** `changed`: other versions of that name are there, or other bytes of one. */
  readonly change: 'added' | 'removed' | 'changed';
  readonly name: string;
  readonly architecture: string;
  /** Versions that only the first listing has, and only the second. */
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** Prints how one repository differs from another of its name: of two branches, two snapshots, or one of each. */
export async function diff(
  session: Session,
  { target, repository, from, to }: Readonly<Record<'target' | 'repository' | 'from' | 'to', string>>,
  { output }: { readonly output: OutputFormat },
): Promise<void> {
  const { terminal } = session;
  const gateway = await session.gateway(session.target(target));
  const before = await gateway.packages({ branch: from, repository });
  const after = await gateway.packages({ branch: to, repository });
  const rows = differencesOf(before, after);
  if (rows.length > 0 || output !== 'table') printRows(terminal, rows, columns, output);
  else sayLine(terminal, `${from}/${repository} and ${to}/${repository} hold the same packages`);
}

const columns: readonly Column<PackageDifference>[] = [
  { head: 'CHANGE', cell: ({ change }) => change },
  { head: 'NAME', cell: ({ name }) => name, mayBeCut: true },
  { head: 'ARCH', cell: ({ architecture }) => architecture },
  { head: 'FROM', cell: ({ from }) => from.join(' ') },
  { head: 'TO', cell: ({ to }) => to.join(' ') },
];

/** By name and architecture, in the order of listings; what both have with the same bytes is no difference. */
export function differencesOf(
  before: readonly PackageLine[],
  after: readonly PackageLine[],
): readonly PackageDifference[] {
  const [was, is] = [byFile(before), byFile(after)];
  const gone = [...was].filter(([file]) => !is.has(file)).map(([, line]) => line);
  const come = [...is].filter(([file]) => !was.has(file)).map(([, line]) => line);
  const keyOf = (line: PackageLine) => `${line.name} ${architectureOf(line)}`;
  const keys = [...new Set([...gone, ...come].sort(byPlaceOfNone).map(keyOf))];
  const hadName = new Set(before.map(keyOf));
  const hasName = new Set(after.map(keyOf));
  return keys.map((key) => {
    const [name = '', architecture = ''] = key.split(' ');
    const versionsIn = (lines: readonly PackageLine[]) =>
      lines.filter((line) => keyOf(line) === key).map(({ version }) => version);
    const change = !hadName.has(key) ? 'added' : hasName.has(key) ? 'changed' : 'removed';
    return { change, name, architecture, from: versionsIn(gone), to: versionsIn(come) };
  });
}

/** One branch is no earlier than the other here. */
function byPlaceOfNone(a: PackageLine, b: PackageLine): number {
  return byPlaceAndName({ ...a, branch: '' }, { ...b, branch: '' });
}

function byFile(lines: readonly PackageLine[]): ReadonlyMap<string, PackageLine> {
  return new Map(lines.map((line) => [[line.name, line.version, architectureOf(line), line.digest].join(' '), line]));
}
