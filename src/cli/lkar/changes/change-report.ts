import { GatewayError } from '../../../errors.ts';
import type { OutputFormat } from '../../shared/output-format.ts';
import { printRows } from '../../shared/output.ts';
import { asOneLine, printLine, sayLine } from '../../shared/terminal.ts';
import type { ChangeLine } from '../http/gateway-lines.ts';
import type { Session } from '../session.ts';

/** A repository of an image, as the command line names it. */
export interface RepositoryPlace {
  readonly target: string;
  readonly branch: string;
  readonly repository: string;
}

/** How one outcome is called on the command line; as the gateway calls it where nothing is said here. */
export type OutcomeWords = Readonly<Record<string, string>>;

/** What is said of a change beside its packages. */
export interface ChangeWords {
  readonly done?: OutcomeWords;
  /** Of a dry run. */
  readonly dry?: OutcomeWords;
  /** What is said after a dry run; nothing where it is empty. */
  readonly dryHint?: string;
}

/** What came of one package, as JSON and YAML have it; a gateway that knows no such changes tells no more than the path. */
export interface ChangeRow extends Partial<ChangeLine['packages'][number]> {
  readonly image?: string | undefined;
  readonly filePath: string;
  readonly outcome: string;
  readonly dryRun: boolean;
}

/** The repository that changed, with its image where that is known here. */
export type ChangedPlace = Pick<RepositoryPlace, 'branch' | 'repository'> & Pick<ChangeRow, 'image'>;

/** Where changes are told as they come. */
export interface ChangeReport {
  /** Tells a change of one repository, and of what was asked for and is nowhere: PACKAGE_UNKNOWN where there was such. */
  add(place: ChangedPlace, change: ChangeLine, words?: ChangeWords): void;
  /** Tells of one file. */
  addRow(row: ChangeRow, words?: OutcomeWords): void;
}

const dryWords: OutcomeWords = {
  deleted: 'would remove',
  withdrawn: 'would withdraw',
  restored: 'would restore',
  promoted: 'would promote',
};

/**
 * Has `use` report changes: as a table a line for each package at once; as JSON or YAML one list in the end, also of what was done
 * before a fault. Notes and faults are said beside it.
 */
export async function reporting(
  { terminal }: Pick<Session, 'terminal'>,
  output: OutputFormat,
  use: (report: ChangeReport) => Promise<void>,
): Promise<void> {
  const rows: ChangeRow[] = [];
  const addRow = (row: ChangeRow, words: OutcomeWords = {}) => {
    if (output === 'table') printLine(terminal, lineOf(row, words));
    else rows.push(row);
  };
  const report: ChangeReport = {
    addRow,
    add(
      { image, branch, repository },
      { packages, notes, missing, dryRun },
      { done = {}, dry = dryWords, dryHint } = {},
    ) {
      for (const one of packages) {
        const filePath = [branch, repository, one.architecture, one.fileName].join('/');
        addRow({ image, filePath, ...one, dryRun }, dryRun ? { ...done, ...dry } : done);
      }
      for (const note of notes) sayLine(terminal, asOneLine(note));
      const hint = dryRun ? (dryHint ?? 'nothing was changed: this was a dry run') : '';
      if (hint !== '') sayLine(terminal, hint);
      const [first, ...others] = missing.map((one) => asOneLine(`${branch}/${repository} has no ${one}`));
      if (first === undefined) return;
      for (const one of others) sayLine(terminal, `error: ${one}`);
      throw new GatewayError('PACKAGE_UNKNOWN', first);
    },
  };
  try {
    await use(report);
  } catch (error) {
    if (rows.length > 0) printRows(terminal, rows, [], output);
    throw error;
  }
  if (output !== 'table') printRows(terminal, rows, [], output);
}

function lineOf({ filePath, outcome, reason }: ChangeRow, words: OutcomeWords): string {
  const why = reason === undefined ? '' : ` (${reason})`;
  return asOneLine(`${words[outcome] ?? outcome} ${filePath}${why}`);
}
