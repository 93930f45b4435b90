import { GatewayError } from '../../../errors.ts';
import type { OutputFormat } from '../../shared/output-format.ts';
import { sayLine } from '../../shared/terminal.ts';
import type { Target } from '../../shared/target.ts';
import type { Session } from '../session.ts';
import { reporting } from './change-report.ts';

export interface PromoteOptions {
  readonly withDependencies?: boolean | undefined;
  readonly move?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly reason?: string | undefined;
  readonly output: OutputFormat;
}

interface Place {
  readonly target: Target;
  readonly branch: string;
  readonly repository: string;
}

/**
 * Lists packages of one repository in another of the same registry, all or none. `from` is `REGISTRY[/IMAGE]/BRANCH/REPOSITORY`, and `to` too,
 * or `BRANCH/REPOSITORY` of the same image.
 */
export async function promote(
  session: Session,
  from: string,
  to: string,
  packages: readonly string[],
  { withDependencies, move, dryRun, reason, output }: PromoteOptions,
): Promise<void> {
  const source = placeOf(session, from);
  const target = /^[^/]+(?:\/[^/]+)?$/.test(to) ? { ...partsOf(to), target: source.target } : placeOf(session, to);
  if (source.target.registry !== target.target.registry) {
    const message = `${from} and ${to} are of two registries: pull from one and push to the other`;
    throw new GatewayError('REQUEST_INVALID', message);
  }
  const gateway = await session.gateway(target.target);
  const { branch, repository } = source;
  await reporting(session, output, async (report) => {
    const change = await gateway.post(target.branch, target.repository, 'promote', {
      from: { image: source.target.image, branch, repository },
      ...{ packages, withDependencies, move, dryRun, reason },
    });
    report.add({ ...target, image: target.target.image }, change, { done: { unchanged: 'there already' } });
    // What stays there although it was to go is in the notes.
    const isMoved = move === true && !change.dryRun && change.notes.length === 0;
    if (isMoved) sayLine(session.terminal, `deleted in ${branch}/${repository}`);
  });
}

function placeOf(session: Session, text: string): Place {
  const { branch, repository, rest } = partsOf(text);
  if (rest === '') throw noPlace(text);
  return { target: session.target(rest), branch, repository };
}

function partsOf(text: string) {
  const [, rest = '', branch, repository] = /^(?:(.+)\/)?([^/]+)\/([^/]+)$/.exec(text.replace(/\/$/, '')) ?? [];
  if (branch !== undefined && repository !== undefined) return { rest, branch, repository };
  throw noPlace(text);
}

function noPlace(text: string): GatewayError {
  const message = `${JSON.stringify(text)} is no REGISTRY/IMAGE/BRANCH/REPOSITORY such as apk.example.org/team/app/edge/main`;
  return new GatewayError('REQUEST_INVALID', message);
}
