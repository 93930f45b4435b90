import type { KeyObject } from 'node:crypto';
import type { PackageSummary } from '../apk/package-file.ts';
import { isSignatureAlgorithm, verifyDigest } from '../apk/signature.ts';
import type { Signature } from '../apk/signature.ts';
import { GatewayError } from '../errors.ts';
import type { RepositoryCoordinates } from '../repository/coordinates.ts';

/** Takes only packages that the right people signed. */
export interface PackageSignatures {
  /** Throws PACKAGE_UNTRUSTED, naming the file, where a package has no signature by one of the keys that this place wants. */
  check(at: RepositoryCoordinates, packages: readonly PackageSummary[]): void;
}

/** `keysFor` gives the keys that packages of a place need a signature by; undefined where they need none. */
export function createPackageSignatures(
  keysFor: (at: RepositoryCoordinates) => readonly KeyObject[] | undefined,
): PackageSignatures {
  return {
    check(at, packages) {
      const keys = keysFor(at);
      if (keys === undefined) return;
      const refused = packages.find((pkg) => !pkg.signatures.some((signature) => isByOneOf(keys, pkg, signature)));
      if (refused !== undefined) throw unsigned(at, refused);
    },
  };
}

/** Whatever name the signature gives its key: that is only where clients would look for it. */
function isByOneOf(keys: readonly KeyObject[], { controlDigests }: PackageSummary, signature: Signature): boolean {
  const { algorithm, bytes } = signature;
  if (!isSignatureAlgorithm(algorithm)) return false;
  const digest = { RSA: controlDigests.sha1, RSA256: controlDigests.sha256, RSA512: controlDigests.sha512 }[algorithm];
  return keys.some((key) => verifyDigest(digest, bytes, key, algorithm));
}

function unsigned({ branch, repository }: RepositoryCoordinates, pkg: PackageSummary): GatewayError {
  const signers = [...new Set(pkg.signatures.map(({ keyName }) => keyName))];
  const what =
    signers.length === 0 ? 'is not signed' : `is signed by ${signers.join(', ')}, and that is no key of those`;
  return new GatewayError(
    'PACKAGE_UNTRUSTED',
    `${pkg.fileName} ${what}: ${branch}/${repository} takes only packages that certain keys signed`,
    { details: { file: pkg.fileName } },
  );
}
