import { sayLine } from '../../shared/terminal.ts';
import { reportChange, type RepositoryPlace } from '../changes/change-report.ts';
import type { Session } from '../session.ts';

export interface RollbackOptions {
  /** Does it; otherwise it is only said what would come and go. */
  readonly yes?: boolean | undefined;
  readonly reason?: string | undefined;
}

/** Makes a repository what a snapshot of it says; without `yes` only says what would come and go. */
export async function rollback(
  session: Session,
  of: RepositoryPlace,
  snapshot: string,
  { yes, reason }: RollbackOptions,
): Promise<void> {
  const { branch, repository } = of;
  const gateway = await session.gateway(session.target(of.target));
  const change = await gateway.post(branch, repository, 'rollback', { snapshot, reason, dryRun: yes !== true });
  const words = change.dryRun ? { deleted: 'would remove', restored: 'would bring back' } : { deleted: 'removed' };
  reportChange(session, { branch, repository }, { ...change, dryRun: false }, words);
  if (change.packages.length === 0)
    sayLine(session.terminal, `${branch}/${repository} is what ${snapshot} says already`);
  else if (change.dryRun) sayLine(session.terminal, 'nothing was changed: --yes does it');
}
