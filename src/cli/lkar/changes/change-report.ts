import { GatewayError } from '../../../errors.ts';
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

/** How each is called in a dry run. */
const dryWords: OutcomeWords = {
  deleted: 'would remove',
  withdrawn: 'would withdraw',
  restored: 'would restore',
  promoted: 'would promote',
};

/**
 * Prints a change, a line for each package with what came of it, its notes beside, and says of what was asked for and is nowhere.
 * Throws PACKAGE_UNKNOWN in the end where there was such.
 */
export function reportChange(
  { terminal }: Pick<Session, 'terminal'>,
  { branch, repository }: Pick<RepositoryPlace, 'branch' | 'repository'>,
  change: ChangeLine,
  words: OutcomeWords = {},
): void {
  const called: OutcomeWords = change.dryRun ? { ...words, ...dryWords } : words;
  for (const { architecture, fileName, outcome, reason } of change.packages) {
    const path = [branch, repository, architecture, fileName].join('/');
    const why = reason === undefined ? '' : ` (${reason})`;
    printLine(terminal, asOneLine(`${called[outcome] ?? outcome} ${path}${why}`));
  }
  for (const note of change.notes) sayLine(terminal, asOneLine(note));
  if (change.dryRun) sayLine(terminal, 'nothing was changed: this was a dry run');
  const [first, ...others] = change.missing.map((one) => asOneLine(`${branch}/${repository} has no ${one}`));
  if (first === undefined) return;
  for (const one of others) sayLine(terminal, `error: ${one}`);
  throw new GatewayError('PACKAGE_UNKNOWN', first);
}
