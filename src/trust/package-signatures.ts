import type { AnyPackageSummary } from '../apk/any-package.ts';
import { GatewayError } from '../errors.ts';
import type { RepositoryCoordinates } from '../protocol/coordinates.ts';
import { packageSignature, type PackageSignature } from '../repository/artifacts/package-signature.ts';
import { signersOf, type PackageSigners } from './package-signers.ts';
import type { NamedKey } from './public-keys.ts';

/** Judges packages by who signed them. */
export interface PackageSignatures {
  /**
   * The verdict on each package, in the same order. Throws PACKAGE_UNTRUSTED, naming the file, where one has no signature by one
   * of the keys that this place wants.
   */
  judge(at: RepositoryCoordinates, packages: readonly AnyPackageSummary[]): readonly PackageSignature[];
  /** Whether there are keys for a place at all: without, nothing can be found out. */
  isConcerned(at: RepositoryCoordinates): boolean;
}

/** The keys that count in a place. */
export interface PlaceKeys {
  /** One of them must have signed a package; undefined where none need have. */
  readonly required: readonly NamedKey[] | undefined;
  /** All by which a signature is judged, the required ones among them. */
  readonly known: readonly NamedKey[];
}

/** `keysFor` gives the keys that count in a place. */
export function createPackageSignatures(keysFor: (at: RepositoryCoordinates) => PlaceKeys): PackageSignatures {
  return {
    isConcerned: (at) => keysFor(at).known.length > 0,
    judge(at, packages) {
      const { required, known } = keysFor(at);
      return packages.map((pkg) => {
        const found = signersOf(pkg, known);
        if (required?.some((key) => found.signers.includes(key)) === false) throw unsigned(at, pkg.fileName, found);
        return verdictOn(found, known);
      });
    },
  };
}

function verdictOn({ signers, claimed, isClaimed }: PackageSigners, known: readonly NamedKey[]): PackageSignature {
  if (signers.length > 0) return packageSignature('valid', [...new Set(signers.map(({ fileName }) => fileName))]);
  if (claimed.length === 0) return packageSignature('none', []);
  if (known.length === 0) return packageSignature('unchecked', claimed);
  return packageSignature(isClaimed ? 'invalid' : 'unknown', claimed);
}

function unsigned(
  { branch, repository }: RepositoryCoordinates,
  fileName: string,
  { claimed }: PackageSigners,
): GatewayError {
  const what =
    claimed.length === 0
      ? 'is not signed'
      : `is signed by ${[...new Set(claimed)].join(', ')}, and that is no key of those`;
  return new GatewayError(
    'PACKAGE_UNTRUSTED',
    `${fileName} ${what}: ${branch}/${repository} takes only packages that certain keys signed`,
    { details: { file: fileName } },
  );
}
