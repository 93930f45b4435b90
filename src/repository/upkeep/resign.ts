import { GatewayError } from '../../errors.ts';
import type { Group } from '../../protocol/coordinates.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import { keyTagOfFileName } from '../keys/key-artifact.ts';
import type { SigningKey, SigningKeys } from '../keys/signing-keys.ts';
import { EVERY, type Look } from '../live/look.ts';
import type { TakeLook } from '../live/looks.ts';
import type { PutIndex } from '../publishing/index-writer.ts';
import type { Resigned } from '../service/upkeep.ts';

export interface ResignDeps {
  readonly signingKeys: SigningKeys;
  readonly look: TakeLook;
  readonly put: PutIndex;
}

/**
 * Removes a key's tag. Throws KEY_UNKNOWN where the image has no key of that name, SIGNING_KEY_INVALID where no other would be
 * left, and DELETE_UNSUPPORTED.
 */
export async function dropKey(
  signingKeys: SigningKeys,
  image: ImageStore,
  fileName: string,
  call: CallOptions = {},
): Promise<void> {
  const keys = await signingKeys.ofImage(image, { ...call, refresh: true });
  const tag = keyTagOfFileName(image.image, fileName);
  if (!signingKeys.arePerImage || tag === undefined || !keys.some((key) => key.fileName === fileName))
    throw new GatewayError('KEY_UNKNOWN', `no key in ${image.image} is called ${fileName}`);
  if (keys.length === 1)
    throw new GatewayError(
      'SIGNING_KEY_INVALID',
      `${fileName} is the only key of ${image.image}: clients would trust nothing`,
    );
  await image.deleteTag(tag, call);
}

/** Puts those indexes of some groups' repositories again that aren't signed by the image's keys and no other; all else of them stays. */
export async function resignIndexes(
  deps: ResignDeps,
  image: ImageStore,
  groups: readonly Pick<Group, 'branch' | 'repository'>[],
  call: CallOptions,
): Promise<Resigned> {
  const repositories = new Map(groups.map((group) => [`${group.branch}/${group.repository}`, group]));
  // No key is made for a misspelt name.
  if (repositories.size === 0) return { keys: [], indexes: 0, changed: 0 };
  const keys = await deps.signingKeys.ofImageForWriting(image, { ...call, refresh: true });
  let [indexes, changed] = [0, 0];
  for (const { branch, repository } of repositories.values()) {
    const at = { image: image.image, branch, repository };
    const seen = await deps.look(image, at, [EVERY], call);
    const there = seen.architectures.filter((one) => seen.stored.has(one));
    const wanted = there.filter((one) => !isSignedBy(seen, one, keys));
    for (const architecture of wanted) await deps.put(image, { ...at, architecture }, seen, call);
    indexes += there.length;
    changed += wanted.length;
  }
  return { keys: keys.map(({ fileName }) => fileName), indexes, changed };
}

function isSignedBy(seen: Look, architecture: string, keys: readonly SigningKey[]): boolean {
  const signers = new Set(seen.stored.get(architecture)?.signatures.map(({ keyName }) => keyName));
  return signers.size === keys.length && keys.every(({ fileName }) => signers.has(fileName));
}
