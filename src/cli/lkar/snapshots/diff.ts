import type { OutputFormat } from '../../shared/output-format.ts';
import { printRows, type Column } from '../../shared/output.ts';
import { sayLine } from '../../shared/terminal.ts';
import { snapshotIn } from '../../../protocol/coordinates.ts';
import { refuseUnknown } from '../commands/list.ts';
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
  const parsed = session.target(target);
  const gateway = await session.gateway(parsed);
  const listed = async (branch: string) => {
    const lines = await gateway.packages({ branch, repository });
    if (lines.length === 0 && snapshotIn(branch) === undefined)
      await refuseUnknown(gateway, parsed, { branch, repository });
    return lines;
  };
  const before = await listed(from);
  const after = await listed(to);
  const rows = differencesOf(before, after);
  if (rows.length > 0 || output !== 'table') printRows(terminal, rows, columns, output);
  else sayLine(terminal, `${from}/${repository} and ${to}/${repository} hold the same packages`);
}

const columns: readonly Column<PackageDifference>[] = [
  { head: 'CHANGE', cell: ({ change }) => change },
  { head: 'NAME', cell: ({ name }) => name, mayBeCut: true },
  { head: 'ARCH', cell: ({ architecture }) => architecture },
  { head: 'FROM', cell: ({ from }) => briefly(from) },
  { head: 'TO', cell: ({ to }) => briefly(to) },
];

const shownVersions = 4;

/** A table is for people: of many versions the first and the last. */
function briefly(versions: readonly string[]): string {
  if (versions.length <= shownVersions) return versions.join(' ');
  return `${versions.slice(0, 2).join(' ')} … ${versions.at(-1) ?? ''} (${versions.length})`;
}

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
