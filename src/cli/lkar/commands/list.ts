import type { PackageLine, RepositoryLine } from '../http/gateway-client.ts';
import { formatRows, formatSize, type Column, type OutputFormat } from '../../shared/output.ts';
import type { Session } from '../session.ts';
import { printLine } from '../../shared/terminal.ts';

/** Prints the packages of an image, or of one branch or repository in it. */
export async function listPackages(
  session: Session,
  within: { readonly target: string; readonly branch?: string | undefined; readonly repository?: string | undefined },
  options: { readonly output: OutputFormat },
): Promise<void> {
  const gateway = await session.gateway(session.target(within.target));
  const packages = (await gateway.packages()).filter(
    ({ branch, repo }) =>
      (within.branch === undefined || branch === within.branch) &&
      (within.repository === undefined || repo === within.repository),
  );
  printLine(session.terminal, formatRows(packages, packageColumns(), options.output));
}

/** Prints the repositories of an image. */
export async function listRepositories(
  session: Session,
  target: string,
  options: { readonly output: OutputFormat },
): Promise<void> {
  const gateway = await session.gateway(session.target(target));
  printLine(session.terminal, formatRows(await gateway.repositories(), repositoryColumns(), options.output));
}

/** Prints the images of a gateway; says so where there may be more. */
export async function listImages(
  session: Session,
  target: string,
  options: { readonly output: OutputFormat },
): Promise<void> {
  const gateway = await session.gateway(session.target(target));
  const { images, isComplete } = await gateway.images();
  printLine(session.terminal, formatRows(images, [{ head: 'NAME', cell: ({ name }) => name }], options.output));
  if (!isComplete) {
    session.terminal.stderr.write('There may be more: the registry lists none, or not all, to this login.\n');
  }
}

function packageColumns(): readonly Column<PackageLine>[] {
  return [
    { head: 'NAME', cell: ({ name }) => name },
    { head: 'VERSION', cell: ({ version }) => version },
    { head: 'ARCH', cell: ({ fileMetadata }) => fileMetadata?.architecture ?? '' },
    { head: 'SIZE', cell: ({ size }) => formatSize(size) },
    { head: 'SIGNED', cell: ({ signature }) => describeSignature(signature) },
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
    { head: 'UPDATED', cell: ({ lastUpdated }) => lastUpdated },
  ];
}
