import type { OutputFormat } from '../../shared/output-format.ts';
import { sayLine } from '../../shared/terminal.ts';
import { reporting, type RepositoryPlace } from '../changes/change-report.ts';
import type { Session } from '../session.ts';

export interface RollbackOptions {
  /** Does it; otherwise it is only said what would come and go. */
  readonly yes?: boolean | undefined;
  readonly reason?: string | undefined;
  readonly output: OutputFormat;
}

/** Makes a repository what a snapshot of it says; without `yes` only says what would come and go. */
export async function rollback(
  session: Session,
  of: RepositoryPlace,
  snapshot: string,
  { yes, reason, output }: RollbackOptions,
): Promise<void> {
  const { branch, repository } = of;
  const { image } = session.target(of.target);
  const gateway = await session.gateway(session.target(of.target));
  await reporting(session, output, async (report) => {
    const change = await gateway.post(branch, repository, 'rollback', { snapshot, reason, dryRun: yes !== true });
    const isAny = change.packages.length > 0;
    report.add({ image, branch, repository }, change, { ...words, dryHint: isAny ? howToDoIt : '' });
    if (!isAny) sayLine(session.terminal, `${branch}/${repository} is what ${snapshot} says already`);
  });
}

const words = { done: { deleted: 'removed' }, dry: { deleted: 'would remove', restored: 'would bring back' } };
const howToDoIt = 'nothing was changed: --yes does it';
