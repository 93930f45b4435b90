import { GatewayError } from '../../../src/errors.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import type { Store } from '../../../src/store/store.ts';
import { withChangedImages } from './changed-images.ts';

/** What comes of one single put of a manifest. */
export type HalfDonePut =
  /** It takes effect, and its answer is a fault. */
  | 'unanswered'
  /** It is answered well, and nothing is there. */
  | 'lost';

/** By the number of the put, counted over all replicas. */
export type HalfDonePuts = Readonly<Record<number, HalfDonePut>>;

/** A store some of whose puts of manifests are half done. `count` numbers them. */
export function withHalfDonePuts(store: Store, puts: HalfDonePuts, count: () => number): Store {
  return withChangedImages(store, (front) => ({
    async pushManifest(tag, manifest, call) {
      const half = puts[count()];
      if (half === 'lost') {
        await front.resolve(tag, call);
        return digestOf(manifest.bytes);
      }
      const digest = await front.pushManifest(tag, manifest, call);
      if (half !== 'unanswered') return digest;
      throw new GatewayError('STORE_UNAVAILABLE', 'the answer was cut off');
    },
  }));
}
