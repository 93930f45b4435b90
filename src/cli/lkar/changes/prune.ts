import { GatewayError, isGatewayError } from '../../../errors.ts';
import { matchesAny } from '../../../protocol/glob.ts';
import { sayLine } from '../../shared/terminal.ts';
import type { OutputFormat } from '../../shared/output-format.ts';
import type { Target } from '../../shared/target.ts';
import type { Session } from '../session.ts';
import { reporting, type ChangeReport } from './change-report.ts';
import { readPruningPolicy, type PruningRule } from './pruning-policy.ts';

export interface PruneOptions {
  readonly keep?: number | undefined;
  /** In ms. */
  readonly olderThan?: number | undefined;
  readonly name?: readonly string[] | undefined;
  readonly except?: readonly string[] | undefined;
  /** Deletes; otherwise it is only said what would go. */
  readonly yes?: boolean | undefined;
  readonly reason?: string | undefined;
  /** A file with rules for several repositories. */
  readonly policy?: string | undefined;
  readonly output: OutputFormat;
}

/** One repository and what may go from it. */
interface Pruning {
  readonly target: Target;
  readonly branch: string;
  readonly repository: string;
  /** The rule that it goes by, for who reads what came of it. */
  readonly rule?: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const words = { done: { deleted: 'pruned' }, dry: { deleted: 'would prune' } };

/**
 * Deletes old versions from one repository, or by a policy file from each that it names; without `yes` only says what would go,
 * and why. Of several, those that fail don't keep the others; the first fault is thrown in the end.
 */
export async function prune(
  session: Session,
  registry: string,
  branch: string | undefined,
  repository: string | undefined,
  options: PruneOptions,
): Promise<void> {
  const target = session.target(registry);
  if (options.policy !== undefined) {
    if (branch !== undefined) throw wrongUse('with --policy, the file says which branches and repositories');
    const prunings = await pruningsOf(session, target, await readPruningPolicy(options.policy));
    if (prunings.length === 0)
      sayLine(session.terminal, `no rule of ${options.policy} is about anything in ${target.name}`);
    await reporting(session, options.output, (report) => pruneAll(session, prunings, options, report));
    return;
  }
  if (branch === undefined || repository === undefined) throw wrongUse('say which BRANCH and REPOSITORY, or --policy');
  const { keep, olderThan, name, except } = options;
  if (keep === undefined && olderThan === undefined) throw wrongUse('say --keep or --older-than');
  const body = { keep, olderThanSeconds: secondsOf(olderThan), names: name, except };
  const pruning = { target, branch, repository, body };
  await reporting(session, options.output, (report) => pruneOne(session, pruning, options, report));
}

async function pruneAll(
  session: Session,
  prunings: readonly Pruning[],
  options: PruneOptions,
  report: ChangeReport,
): Promise<void> {
  const faults: GatewayError[] = [];
  for (const pruning of prunings) {
    const { target, branch, repository, rule = '' } = pruning;
    sayLine(session.terminal, `${target.name} ${branch}/${repository}, ${rule}:`);
    await pruneOne(session, pruning, options, report).catch((error: unknown) => {
      if (!isOfThese(error)) throw error;
      faults.push(error);
      sayLine(session.terminal, `error: ${branch}/${repository}: ${error.message}`);
    });
  }
  const [first] = faults;
  if (first !== undefined) throw new GatewayError(first.code, 'not all of them were pruned', { cause: first });
}

async function pruneOne(
  session: Session,
  pruning: Pruning,
  { yes, reason }: PruneOptions,
  report: ChangeReport,
): Promise<void> {
  const { target, branch, repository, body } = pruning;
  const gateway = await session.gateway(target);
  const change = await gateway.post(branch, repository, 'prune', { ...body, reason, dryRun: yes !== true });
  const isAny = change.packages.some(({ outcome }) => outcome === 'deleted');
  report.add({ image: target.image, branch, repository }, change, {
    ...words,
    dryHint: isAny ? 'nothing was pruned: --yes does it' : '',
  });
}

/** What a policy says of each repository that there is: the first rule that is about a package decides. */
async function pruningsOf(
  session: Session,
  registry: Target,
  rules: readonly PruningRule[],
): Promise<readonly Pruning[]> {
  const found: Pruning[] = [];
  for (const target of await targetsOf(session, registry, rules)) {
    const gateway = await session.gateway(target);
    for (const { name = '' } of await gateway.repositories()) {
      const [branch = '', repository = ''] = name.split('/');
      const about = rules.filter((rule) => isAbout(rule, target, branch, repository));
      for (const [i, rule] of about.entries()) {
        const { keep, olderThan, names } = rule;
        const except = about.slice(0, i).flatMap((before) => before.names);
        const body = { keep, olderThanSeconds: secondsOf(olderThan), names, except };
        found.push({ target, branch, repository, body, rule: `rule ${rules.indexOf(rule) + 1}` });
      }
    }
  }
  return found;
}

/** The images that rules name; where one is a pattern, those that the gateway lists. */
async function targetsOf(
  session: Session,
  registry: Target,
  rules: readonly PruningRule[],
): Promise<readonly Target[]> {
  if (registry.image !== undefined) return [registry];
  const patterns = [...new Set(rules.flatMap(({ images }) => images))];
  const named = patterns.filter((image) => !image.includes('*'));
  if (named.length < patterns.length) {
    const { images, isComplete } = await (await session.gateway(registry)).images();
    if (!isComplete) sayLine(session.terminal, 'warning: the registry has more images than the gateway lists');
    named.push(...images.map(({ name }) => name).filter((name) => matchesAny(patterns, name)));
  }
  const scheme = registry.origin.slice(0, registry.origin.indexOf('://'));
  return [...new Set(named)].map((image) => session.target(`${scheme}://${registry.registry}/${image}`));
}

function isAbout({ images, branches, repositories }: PruningRule, target: Target, branch: string, repository: string) {
  return (
    (target.image === undefined || matchesAny(images, target.image)) &&
    matchesAny(branches, branch) &&
    matchesAny(repositories, repository)
  );
}

/** Who isn't let in, or reaches nobody, fares no better with the next repository. */
function isOfThese(error: unknown): error is GatewayError {
  return isGatewayError(error) && !isGatewayError(error, 'UNAUTHORIZED', 'STORE_UNAVAILABLE', 'ABORTED');
}

function secondsOf(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.ceil(ms / 1000);
}

function wrongUse(message: string): GatewayError {
  return new GatewayError('REQUEST_INVALID', message);
}
