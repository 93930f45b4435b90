import { GatewayError, isGatewayError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { emptyConfig, emptyConfigBytes, imageManifestType } from '../../oci/manifest.ts';
import type { Clock } from '../../ports.ts';
import type { CallOptions, ImageStore, PushOptions } from '../../store/store.ts';
import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import { createInTurn } from '../../concurrency/in-turn.ts';
import type { ArtifactProfile } from './format-artifact.ts';

/** `before`: what the tag is to hold no more. */
export type ProvenPut = PushOptions & { readonly before?: Digest | undefined };

/** Puts the manifest that `format` gives under a tag. */
type PutArtifact<Options, Result> = (
  image: ImageStore,
  tag: string,
  format: (profile: ArtifactProfile) => Uint8Array,
  options?: Options,
) => Promise<Result>;

export interface ArtifactWriter {
  /**
   * Puts a manifest, its config beside it. Tries without an artifactType where the registry refuses ours, and remembers that.
   * Throws BLOB_UNKNOWN where a layer is missing, and the store's faults.
   */
  readonly put: PutArtifact<PushOptions, Digest>;
  /**
   * The same, and asks by name until the registry shows it, and no more what the tag held before: an answer 201 is no proof.
   * Throws STORE_UNAVAILABLE where it doesn't.
   */
  readonly putProven: PutArtifact<ProvenPut, void>;
}

/** So often a registry is asked that shows a tag a moment after it took it. */
const maxLooks = 6;
const lookAgainMs = 100;

/** So often a manifest is put again whose blobs the registry says it misses although they were just uploaded. */
const maxAttempts = 3;

/** One for each store. */
export function createArtifactWriter({ clock }: { readonly clock: Pick<Clock, 'sleep'> }): ArtifactWriter {
  const profiles = createBoundedCache<ArtifactProfile>(10_000);
  const configs = createBoundedCache<true>(10_000);
  const inTurn = createInTurn();

  /**
   * The config is one blob for all, so it is asked for before it is uploaded, and by one caller for all: registries that keep
   * files rewrite a blob's link in place, and whoever puts a manifest meanwhile is told that the blob is unknown.
   */
  const ensureConfig = (image: ImageStore, options: CallOptions): Promise<void> =>
    // Another caller's upload may fail for want of that caller's rights: then the next tries with its own.
    inTurn(image.image, async () => {
      if (configs.get(image.image) === true) return;
      await uploadConfig(image, options);
      configs.set(image.image, true);
    });

  const push = async (image: ImageStore, tag: string, bytes: Uint8Array, options: PushOptions): Promise<Digest> => {
    for (let attempt = 1; ; attempt += 1) {
      await ensureConfig(image, options);
      try {
        return await image.pushManifest(tag, { mediaType: imageManifestType, bytes }, options);
      } catch (error) {
        if (!isGatewayError(error, 'BLOB_UNKNOWN') || attempt === maxAttempts) throw error;
        configs.delete(image.image);
        await clock.sleep(50 * attempt, options.signal);
      }
    }
  };

  const put: ArtifactWriter['put'] = async (image, tag, format, options = {}) => {
    const profile = profiles.get(image.image) ?? { artifactType: true };
    try {
      return await push(image, tag, format(profile), options);
    } catch (error) {
      if (!isRefusedDocument(error) || !profile.artifactType) throw error;
    }
    const plain = { artifactType: false };
    const digest = await push(image, tag, format(plain), options);
    profiles.set(image.image, plain);
    return digest;
  };

  return {
    put,
    async putProven(image, tag, format, { before, ...options } = {}) {
      await put(image, tag, format, options);
      await proveThere(clock, image, [tag], options, before);
    },
  };
}

/** Resolves once the registry shows tags that it took, and not with that digest. Throws STORE_UNAVAILABLE where it doesn't. */
export async function proveThere(
  clock: Pick<Clock, 'sleep'>,
  image: ImageStore,
  tags: readonly string[],
  call: CallOptions,
  before?: Digest,
): Promise<void> {
  for (let asked = 1; ; asked += 1) {
    const found = await Promise.all(tags.map((tag) => image.resolve(tag, call)));
    if (found.every((one) => one !== undefined && one.digest !== before)) return;
    if (asked === maxLooks) break;
    await clock.sleep(lookAgainMs * asked, call.signal);
  }
  throw new GatewayError('STORE_UNAVAILABLE', `${image.image} took a tag and does not show it`);
}

async function uploadConfig(image: ImageStore, options: CallOptions): Promise<void> {
  if (!(await image.hasBlob(emptyConfig().digest, options))) await image.pushBlob(emptyConfigBytes(), options);
}

function isRefusedDocument(error: unknown): boolean {
  return isGatewayError(error, 'STORE_ANSWER_INVALID') && error.details['refused'] === true;
}
