import { createByteBoundedCache } from '../../concurrency/bounded-cache.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { GatewayError, isGatewayError } from '../../errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { readBlob } from '../../store/read-blob.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { IndexRunDescriptors, RunDescriptors } from './index-manifest.ts';
import type { Part } from './index-run.ts';

/** The runs of a stored index, fetched. */
export interface IndexLayers {
  readonly v2Runs: readonly RunLayers[];
  readonly v3Runs: readonly RunLayers[];
}

/** The two layers of a run. */
export interface RunLayers {
  readonly part: Part;
  readonly details: Part;
}

/**
 * Fetches the layers that a manifest names, each once. Rejects with SIZE_EXCEEDED where they are larger than any index's, with
 * BLOB_UNKNOWN where one is gone, and with the store's faults.
 */
export type FetchLayers = (
  image: ImageStore,
  manifest: IndexRunDescriptors,
  options: CallOptions,
) => Promise<IndexLayers>;

/** The largest layer of an index that is read: a run of an index of 100,000 packages is far below. */
const maxLayerBytes = 16 * 1024 * 1024;
/** And of all of them: who may push can name any, and nothing is known to be signed before they are read. */
const maxBytesOfAll = 128 * 1024 * 1024;

/** Keeps at most so many bytes of layers in memory, and asks for so many at a time. */
export function createFetchLayers(options: { readonly maxBytes: number; readonly concurrency: number }): FetchLayers {
  const parts = createByteBoundedCache<Part>(options.maxBytes, ({ bytes }) => bytes.length);

  const fetchPart = async (image: ImageStore, layer: Descriptor, call: CallOptions) => {
    const known = parts.get(layer.digest);
    if (known !== undefined) return known;
    const bytes = await readWhole(image, layer, call);
    if (bytes === undefined) throw new GatewayError('BLOB_UNKNOWN', `the index layer ${layer.digest} is gone`);
    const part = { bytes, digest: layer.digest };
    parts.set(layer.digest, part);
    return part;
  };

  return async (image, manifest, call) => {
    const layers = layersOf(manifest);
    const bytes = layers.reduce((sum, { size }) => sum + size, 0);
    if (bytes > maxBytesOfAll) throw new GatewayError('SIZE_EXCEEDED', `an index of ${bytes} bytes is none of ours`);
    const fetched = await inParallel(layers, options.concurrency, (layer) => fetchPart(image, layer, call));
    const byDigest = new Map(fetched.map((part) => [part.digest, part]));
    const take = ({ digest }: Descriptor): Part => byDigest.get(digest) ?? { digest, bytes: new Uint8Array() };
    const takeRun = ({ part, details, inline }: RunDescriptors): RunLayers =>
      inline ?? { part: take(part), details: take(details) };
    return {
      v2Runs: manifest.v2Runs.map(takeRun),
      v3Runs: manifest.v3Runs.map(takeRun),
    };
  };
}

/** A layer's bytes; undefined too where the store promises it and breaks off each time, as a collection may leave it. */
async function readWhole(image: ImageStore, layer: Descriptor, call: CallOptions): Promise<Uint8Array | undefined> {
  try {
    return await readBlob(image, layer, maxLayerBytes, call);
  } catch (error) {
    if (!isGatewayError(error, 'STORE_UNAVAILABLE') || error.details['isCutOff'] !== true) throw error;
    return (await image.isReadable(layer, call)) ? await readBlob(image, layer, maxLayerBytes, call) : undefined;
  }
}

/** All layers of an index: of the runs that its manifest doesn't hold itself. */
export function layersOf({ v2Runs, v3Runs }: IndexRunDescriptors): readonly Descriptor[] {
  return [...v2Runs, ...v3Runs].flatMap(({ part, details, inline }) => (inline === undefined ? [part, details] : []));
}
