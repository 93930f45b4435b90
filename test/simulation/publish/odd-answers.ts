import { GatewayError } from '../../../src/errors.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import type { ImageStore, Store } from '../../../src/store/store.ts';
import { withChangedImages } from './changed-images.ts';

/** What one single request is answered, whatever the registry has. */
export type OddAnswer =
  /** A front end's 404 without a word of the registry. */
  | 'bare 404'
  /**
   * The registry's own word that it has no such tag: one of its own replicas is behind. Of an index tag that is asked for by
   * HEAD it isn't said: that is all that a reader of nothing has to go by.
   */
  | 'no such tag'
  /** A 200 with something else than what is there. */
  | 'garbage';

/** By the number of the read, counted over all replicas. */
export type OddAnswers = Readonly<Record<number, OddAnswer>>;

const junk = Buffer.from('<html>welcome</html>');

/** A store some of whose single reads are answered oddly. `count` numbers them. */
export function withOddAnswers(store: Store, answers: OddAnswers, count: () => number): Store {
  const asked = async <T>(
    read: () => Promise<T>,
    odd: Partial<Record<OddAnswer, T>>,
    isByName: boolean,
  ): Promise<T> => {
    const answer = answers[count()];
    const seen = await read();
    if (answer === 'bare 404') throw new GatewayError('STORE_UNAVAILABLE', 'a front end answers 404 without a word');
    return seen !== undefined && answer !== undefined && isByName && answer in odd ? (odd[answer] as T) : seen;
  };
  return {
    ...store,
    image(image, credentials): ImageStore {
      const front = store.image(image, credentials);
      const isTag = (reference: string) => !reference.startsWith('sha256:');
      return {
        ...front,
        resolve: (reference, call) =>
          asked(
            () => front.resolve(reference, call),
            { 'no such tag': undefined },
            isTag(reference) && !reference.startsWith('index-'),
          ),
        fetchManifest: (reference, call) =>
          asked(
            () => front.fetchManifest(reference, call),
            { 'no such tag': undefined, garbage: junkManifest },
            isTag(reference),
          ),
        tags: (call) => asked(() => front.tags(call), {}, false),
        openBlob: (blob, call) => asked(() => front.openBlob(blob, call), {}, false),
      };
    },
  };
}

const junkManifest = { digest: digestOf(junk), mediaType: 'text/html', bytes: junk };

/** A store that answers so many requests for manifests of such names with something else than what is there. */
export function withGarbage(store: Store, names: RegExp, times: number): Store {
  return withChangedImages(store, (front) => ({
    async fetchManifest(reference, call) {
      const manifest = await front.fetchManifest(reference, call);
      if (times === 0 || !names.test(reference)) return manifest;
      times -= 1;
      return junkManifest;
    },
  }));
}
