import type { AnyPackageSummary } from '../apk/any-package.ts';
import type { PackageV3Summary } from '../apk/package-v3/package-v3-summary.ts';
import type { PackageSummary } from '../apk/package/package-file.ts';
import { adbKeyId, isAdbKey, isSignedBy } from '../apk/adb/signature.ts';
import { isSignatureAlgorithm, verifyDigest, type Signature } from '../apk/signature.ts';
import type { NamedKey } from './public-keys.ts';

/** Who signed a package, as far as its signatures and some keys tell. */
export interface PackageSigners {
  /** Those of the keys that signed. */
  readonly signers: readonly NamedKey[];
  /** What the signatures say of their keys: file names, and of v3 packages, whose signatures have none, ids. */
  readonly claimed: readonly string[];
  /** Whether a signature claims to be by one of the keys, be it right or wrong. */
  readonly isClaimed: boolean;
}

// As many signatures as clients look at in any package that is meant well: each costs a try with each key.
const maxSignatures = 16;

/** Tries the signatures of a package of either format with each of the keys. */
export function signersOf(pkg: AnyPackageSummary, keys: readonly NamedKey[]): PackageSigners {
  return pkg.format === 'v3' ? signersOfV3(pkg, keys) : signersOfV2(pkg, keys);
}

/** Whatever name a signature gives its key, that is only where clients would look for it. */
function signersOfV2(pkg: PackageSummary, keys: readonly NamedKey[]): PackageSigners {
  const signatures = pkg.signatures.slice(0, maxSignatures);
  const claimed = pkg.signatures.map(({ keyName }) => keyName);
  return {
    signers: keys.filter((key) => signatures.some((signature) => isBy(key, pkg, signature))),
    claimed,
    isClaimed: keys.some(({ fileName }) => claimed.includes(fileName)),
  };
}

function signersOfV3({ signatures, signed }: PackageV3Summary, keys: readonly NamedKey[]): PackageSigners {
  const claimed = signatures.map(({ keyId }) => keyId);
  return {
    signers: keys.filter(({ key }) => signatures.some((signature) => isSignedBy(signed, signature, key))),
    claimed,
    isClaimed: keys.some(({ key }) => isAdbKey(key) && claimed.includes(adbKeyId(key))),
  };
}

function isBy({ key }: NamedKey, { controlDigests }: PackageSummary, { algorithm, bytes }: Signature): boolean {
  if (!isSignatureAlgorithm(algorithm)) return false;
  const digest = { RSA: controlDigests.sha1, RSA256: controlDigests.sha256, RSA512: controlDigests.sha512 }[algorithm];
  return verifyDigest(digest, bytes, key, algorithm);
}
