import { GatewayError } from '../../../errors.ts';
import type { OutputFormat } from '../../shared/output-format.ts';
import { printRows, type Column } from '../../shared/output.ts';
import { formatSize } from '../../shared/size-text.ts';
import { secondsOf } from '../../shared/time-text.ts';
import type { Target } from '../../shared/target.ts';
import { snapshotIn } from '../../../protocol/coordinates.ts';
import { matchesGlob } from '../../../protocol/glob.ts';
import type { GatewayClient } from '../http/gateway-client.ts';
import type { PackageLine, RepositoryLine } from '../http/gateway-lines.ts';
import type { Session } from '../session.ts';
import { architectureOf, byPlaceAndName } from './package-order.ts';

export interface ListOptions {
  readonly output: OutputFormat;
  /** Only packages of this name; `*` stands for any text. */
  readonly name?: string | undefined;
  /** Only of this architecture. */
  readonly arch?: string | undefined;
}

/** An image, or one branch or repository of it. */
export interface Within {
  readonly target: string;
  readonly branch?: string | undefined;
  readonly repository?: string | undefined;
}

/**
 * Prints the packages of an image, or of one branch or repository in it: by place, name, version and architecture. Throws
 * REPOSITORY_UNKNOWN where nothing of that name is there.
 */
export async function listPackages(session: Session, within: Within, options: ListOptions): Promise<void> {
  const target = session.target(within.target);
  const gateway = await session.gateway(target);
  const there = (await gateway.packages(snapshotOf(within))).filter((line) => isWithin(within, line.branch, line.repo));
  if (there.length === 0) await refuseUnknown(gateway, target, within);
  const wanted = there.filter(
    (line) =>
      (options.name === undefined || matchesGlob(options.name, line.name)) &&
      (options.arch === undefined || architectureOf(line) === options.arch),
  );
  printRows(session.terminal, wanted.sort(byPlaceAndName), packageColumns(wanted), options.output);
}

/** Prints the repositories of an image. Throws REPOSITORY_UNKNOWN where it has none. */
export async function listRepositories(
  session: Session,
  name: string,
  options: { readonly output: OutputFormat },
): Promise<void> {
  const target = session.target(name);
  const repositories = await (await session.gateway(target)).repositories();
  if (repositories.length === 0) throw unknown(target, {});
  printRows(session.terminal, repositories, repositoryColumns(), options.output);
}

/** Prints the images of a gateway, or those below a path; says so where there may be more. */
export async function listImages(
  session: Session,
  name: string,
  options: { readonly output: OutputFormat },
): Promise<void> {
  const target = session.target(name);
  const gateway = await session.gateway(target);
  const { images, isComplete } = await gateway.images();
  const wanted = images.filter((image) => isBelow(target.image, image.name));
  if (wanted.length === 0 && target.image !== undefined) throw unknown(target, {});
  printRows(session.terminal, wanted, [{ head: 'NAME', cell: (image) => image.name }], options.output);
  if (!isComplete) {
    session.terminal.stderr.write('There may be more: the registry lists none, or not all, to this login.\n');
  }
}

/** REPOSITORY_UNKNOWN where nothing is there of that name. A repository whose packages are all gone is still one. */
export async function refuseUnknown(
  gateway: Pick<GatewayClient, 'repositories'>,
  target: Target,
  within: Omit<Within, 'target'>,
): Promise<void> {
  const repositories = await gateway.repositories();
  const isThere = repositories.some(({ name = '' }) => {
    const [branch = '', repository = ''] = name.split('/');
    return isWithin(within, branch, repository);
  });
  if (!isThere) throw unknown(target, within);
}

function unknown({ name }: Target, { branch, repository }: Omit<Within, 'target'>): GatewayError {
  const place = [branch, repository].filter((part) => part !== undefined).join('/');
  const what = place === '' ? `${name} holds no packages` : `${name} has no ${place}`;
  return new GatewayError('REPOSITORY_UNKNOWN', `${what}, as far as this login sees`);
}

/** A listing of all packages leaves snapshots out. */
function snapshotOf({ branch, repository }: Within): { branch: string; repository: string } | undefined {
  if (branch === undefined || snapshotIn(branch) === undefined) return undefined;
  if (repository !== undefined) return { branch, repository };
  throw new GatewayError('REQUEST_INVALID', `${branch} is a snapshot of one repository: say which`);
}

/** Whether what was asked for holds that repository. */
export function isWithin(within: Omit<Within, 'target'>, branch: string, repository: string): boolean {
  return (
    (within.branch === undefined || branch === within.branch) &&
    (within.repository === undefined || repository === within.repository)
  );
}

function isBelow(path: string | undefined, image: string): boolean {
  return path === undefined || image === path || image.startsWith(`${path}/`);
}

/** The format is shown only where there are v3 packages: all others are v2. */
function packageColumns(lines: readonly PackageLine[]): readonly Column<PackageLine>[] {
  const format: Column<PackageLine> = { head: 'FORMAT', cell: ({ format = 'v2' }) => format };
  return [
    { head: 'NAME', cell: ({ name }) => name, mayBeCut: true },
    { head: 'VERSION', cell: ({ version }) => version },
    { head: 'ARCH', cell: architectureOf },
    ...(lines.some((line) => line.format === 'v3') ? [format] : []),
    { head: 'SIZE', cell: ({ size }) => formatSize(size) },
    { head: 'SIGNED', cell: ({ signature }) => describeSignature(signature), mayBeCut: true },
    { head: 'PATH', cell: ({ filePath }) => filePath },
  ];
}

/** `valid: alice.rsa.pub`, `none`; nothing where nobody looked. */
function describeSignature(signature: PackageLine['signature']): string {
  if (signature === undefined) return '';
  const names = signature.keyNames.join(' ');
  return names === '' ? signature.verdict : `${signature.verdict}: ${names}`;
}

function repositoryColumns(): readonly Column<RepositoryLine>[] {
  return [
    { head: 'NAME', cell: ({ name = '' }) => name },
    { head: 'PACKAGES', cell: ({ packages }) => String(packages.count) },
    { head: 'SIZE', cell: ({ packages }) => formatSize(packages.size) },
    { head: 'UPDATED', cell: ({ lastUpdated }) => secondsOf(lastUpdated) },
  ];
}
