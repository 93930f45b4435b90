import { readSignatureMember } from '../../apk/index/index-file.ts';
import { signatureMember } from '../../apk/index/signature-member.ts';
import type { Signature } from '../../apk/signature.ts';
import { encodeText } from '../../apk/text.ts';
import type { Group } from '../../protocol/coordinates.ts';

/**
 * What is signed of the v3 packages that an index lists: where they are listed, then what is stored of them. apk takes it for no
 * index, and an index of apk's for none of these.
 */
export function v3Signed(group: Omit<Group, 'image'>, pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const { branch, repository, architecture } = group;
  return [encodeText(`v3 packages of ${branch}/${repository}/${architecture}\n`), ...pieces];
}

/** The layer of their signatures; undefined where no v3 packages are listed, as of nothing is to be signed then. */
export function formatV3Signatures(signatures: readonly Signature[]): Uint8Array | undefined {
  return signatures.length === 0 ? undefined : signatureMember(signatures);
}

/** The signatures in such a layer. Throws INDEX_MALFORMED. */
export function parseV3Signatures(layer: Uint8Array): readonly Signature[] {
  return readSignatureMember(layer).signatures;
}
