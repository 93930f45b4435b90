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

/** The image's name, or IMAGE_INVALID. */
export function parseImage(image: string): string {
  if (isImageName(image) && !isReservedFirstSegment(image.split('/', 1)[0] ?? '')) return image;
  const folded = image.toLowerCase();
  const hint = folded !== image && isImageName(folded) ? `: names of images have no capitals, write ${folded}` : '';
  throw new GatewayError('IMAGE_INVALID', `${JSON.stringify(image)} can't name an image${hint}`, {
    details: { image },
  });
}

/** The coordinates, or IMAGE_INVALID, BRANCH_INVALID, REPOSITORY_INVALID that name the part at fault. */
export function parseCoordinates({ image, branch, repository }: RepositoryCoordinates): RepositoryCoordinates {
  parseImage(image);
  if (!isBranchOrRepository(branch)) {
    throw new GatewayError('BRANCH_INVALID', `${JSON.stringify(branch)} can't name a branch`, { details: { branch } });
  }
  if (!isBranchOrRepository(repository)) {
    throw new GatewayError('REPOSITORY_INVALID', `${JSON.stringify(repository)} can't name a repository`, {
      details: { repository },
    });
  }
  return { image, branch, repository };
}
