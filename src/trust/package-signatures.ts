import type { PackageSummary } from '../apk/package/package-file.ts';
import { isSignatureAlgorithm, verifyDigest, type Signature } from '../apk/signature.ts';
import { GatewayError } from '../errors.ts';
import type { RepositoryCoordinates } from '../protocol/coordinates.ts';
import { packageSignature, type PackageSignature } from '../repository/artifacts/package-signature.ts';
import type { NamedKey } from './public-keys.ts';

/** Judges packages by who signed them. */
export interface PackageSignatures {
  /**
   * The verdict on each package, in the same order. Throws PACKAGE_UNTRUSTED, naming the file, where one has no signature by one
   * of the keys that this place wants.
   */
  judge(at: RepositoryCoordinates, packages: readonly PackageSummary[]): readonly PackageSignature[];
}

/** The keys that count in a place. */
export interface PlaceKeys {
  /** One of them must have signed a package; undefined where none need have. */
  readonly required: readonly NamedKey[] | undefined;
  /** All by which a signature is judged, the required ones among them. */
  readonly known: readonly NamedKey[];
}

// As many signatures as clients look at in any package that is meant well: each costs a try with each key.
const maxSignatures = 16;

/** `keysFor` gives the keys that count in a place. */
export function createPackageSignatures(keysFor: (at: RepositoryCoordinates) => PlaceKeys): PackageSignatures {
  return {
    judge(at, packages) {
      const { required, known } = keysFor(at);
      return packages.map((pkg) => {
        const signers = signersOf(pkg, known);
        if (required?.some((key) => signers.includes(key)) === false) throw unsigned(at, pkg);
        return verdictOn(pkg, known, signers);
      });
    },
  };
}

function verdictOn({ signatures }: PackageSummary, known: readonly NamedKey[], signers: readonly NamedKey[]) {
  const names = signatures.map(({ keyName }) => keyName);
  if (signers.length > 0) return packageSignature('valid', [...new Set(signers.map(({ fileName }) => fileName))]);
  if (names.length === 0) return packageSignature('none', []);
  if (known.length === 0) return packageSignature('unchecked', names);
  return packageSignature(known.some(({ fileName }) => names.includes(fileName)) ? 'invalid' : 'unknown', names);
}

/** Those of the keys that signed: whatever name a signature gives its key, that is only where clients would look for it. */
function signersOf(pkg: PackageSummary, keys: readonly NamedKey[]): readonly NamedKey[] {
  const signatures = pkg.signatures.slice(0, maxSignatures);
  return keys.filter((key) => signatures.some((signature) => isBy(key, pkg, signature)));
}

function isBy({ key }: NamedKey, { controlDigests }: PackageSummary, { algorithm, bytes }: Signature): boolean {
  if (!isSignatureAlgorithm(algorithm)) return false;
  const digest = { RSA: controlDigests.sha1, RSA256: controlDigests.sha256, RSA512: controlDigests.sha512 }[algorithm];
  return verifyDigest(digest, bytes, key, algorithm);
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
