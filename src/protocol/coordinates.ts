import { GatewayError } from '../errors.ts';
import { isImageName } from '../oci/reference.ts';
import { isReservedFirstSegment, isReservedName } from './words.ts';

/** An Alpine repository: `<image>` is the OCI repository that holds it, beside all its other branches and repositories. */
export interface RepositoryCoordinates {
  readonly image: string;
  readonly branch: string;
  readonly repository: string;
}

/** What one index lists: a repository in one architecture. */
export interface Group extends RepositoryCoordinates {
  readonly architecture: string;
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Whether `text` may name a branch or a repository: it must hide nothing that every repository has. */
export function isBranchOrRepository(text: string): boolean {
  return namePattern.test(text) && !isReservedName(text);
}

/** What a name would have to be, or what this one is. */
function nameHint(name: string): string {
  if (isReservedName(name)) return ': the gateway has pages of that name';
  if (name.includes('@')) return ': a snapshot can be read, but nothing else is done with it';
  return ': up to 64 letters, digits, dots, dashes and underscores can, after a letter or digit';
}

/** The image's name, or IMAGE_INVALID. */
export function parseImage(image: string): string {
  if (isImageName(image) && !isReservedFirstSegment(image.split('/', 1)[0] ?? '')) return image;
  const folded = image.toLowerCase();
  const hint = folded !== image && isImageName(folded) ? `: names of images have no capitals, write ${folded}` : '';
  throw new GatewayError('IMAGE_INVALID', `${JSON.stringify(image)} can't name an image${hint}`, {
    details: { image },
  });
}

/** A snapshot of a branch, as a path and a command line name it: `<branch>@<name>`. */
export interface SnapshotName {
  readonly branch: string;
  readonly name: string;
}

const snapshotMark = '@';

/** What stands in a branch's place for a snapshot of it; no branch has that name. */
export function snapshotBranch({ branch, name }: SnapshotName): string {
  return `${branch}${snapshotMark}${name}`;
}

/** The snapshot that stands in a branch's place; undefined where that is a branch. */
export function snapshotIn(branch: string): SnapshotName | undefined {
  const at = branch.indexOf(snapshotMark);
  return at === -1 ? undefined : { branch: branch.slice(0, at), name: branch.slice(at + 1) };
}

/** The same for what is read: a snapshot may stand in the branch's place, its name of the grammar of a branch. */
export function parseReadCoordinates(given: RepositoryCoordinates): RepositoryCoordinates {
  const snapshot = snapshotIn(given.branch);
  if (snapshot === undefined) return parseCoordinates(given);
  parseCoordinates({ ...given, branch: snapshot.branch });
  parseSnapshotName(snapshot.name);
  return given;
}

/** The name of a snapshot, or BRANCH_INVALID. */
export function parseSnapshotName(name: string): string {
  if (isBranchOrRepository(name)) return name;
  const message = `${JSON.stringify(name)} can't name a snapshot${nameHint(name)}`;
  throw new GatewayError('BRANCH_INVALID', message, { details: { snapshot: name } });
}

/** The coordinates, or IMAGE_INVALID, BRANCH_INVALID, REPOSITORY_INVALID that name the part at fault. */
export function parseCoordinates({ image, branch, repository }: RepositoryCoordinates): RepositoryCoordinates {
  parseImage(image);
  if (!isBranchOrRepository(branch)) {
    const message = `${JSON.stringify(branch)} can't name a branch${nameHint(branch)}`;
    throw new GatewayError('BRANCH_INVALID', message, { details: { branch } });
  }
  if (!isBranchOrRepository(repository)) {
    const message = `${JSON.stringify(repository)} can't name a repository${nameHint(repository)}`;
    throw new GatewayError('REPOSITORY_INVALID', message, { details: { repository } });
  }
  return { image, branch, repository };
}
