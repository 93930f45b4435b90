import { isGatewayError } from '../../errors.ts';
import type { Clock } from '../../ports.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import { createBoundedCache } from '../../concurrency/bounded-cache.ts';

/** Somebody who reads, by the hash that stands for their credentials. */
export interface Reader {
  readonly key: string;
  readonly image: ImageStore;
}

/** A reader whose image is opened when it is first needed: an answer from memory never does. */
export function createReader(key: string, open: () => ImageStore): Reader {
  return new LazyReader(key, open);
}

// A class: a getter in an object literal gives each object a hidden class of its own, which is dear.
class LazyReader implements Reader {
  readonly key: string;
  readonly #open: () => ImageStore;
  #image: ImageStore | undefined;

  constructor(key: string, open: () => ImageStore) {
    this.key = key;
    this.#open = open;
  }

  get image(): ImageStore {
    return (this.#image ??= this.#open());
  }
}

/** What the store said of readers' rights, for as long as it may be taken from memory. */
export interface ReaderRights {
  /** Whether the store showed this reader something of the image so lately. */
  mayRead(reader: Reader, image: string, withinMs: number): boolean;
  /** Asks the store something as this reader; an answer is proof of their right, a refusal ends it at once. */
  asking<T>(reader: Reader, image: string, ask: () => Promise<T>): Promise<T>;
  /** Returns where this reader may read the image; throws UNAUTHORIZED or FORBIDDEN otherwise. */
  authorize(reader: Reader, image: string, call?: CallOptions): Promise<void>;
  /** The store refused this reader a listing. */
  refuseListing(reader: Reader, image: string): void;
  isRefusedListing(reader: Reader, image: string): boolean;
}

export function createReaderRights(
  { clock }: { readonly clock: Clock },
  { rightsMs }: { readonly rightsMs: number },
): ReaderRights {
  const provenAt = createBoundedCache<number>(100_000);
  const refusedListingAt = createBoundedCache<number>(100_000);
  const keyOf = (reader: Reader, image: string) => `${reader.key} ${image}`;
  const isWithin = (at: number | undefined, ms: number) => at !== undefined && clock.now() - at < ms;

  const asking = async <T>(reader: Reader, image: string, ask: () => Promise<T>): Promise<T> => {
    try {
      const answer = await ask();
      provenAt.set(keyOf(reader, image), clock.now());
      return answer;
    } catch (error) {
      if (isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) provenAt.delete(keyOf(reader, image));
      throw error;
    }
  };

  return {
    asking,
    mayRead: (reader, image, withinMs) => isWithin(provenAt.get(keyOf(reader, image)), withinMs),
    async authorize(reader, image, call) {
      if (isWithin(provenAt.get(keyOf(reader, image)), rightsMs)) return;
      // Any tag will do: whether it exists is told only to those who may read.
      await asking(reader, image, () => reader.image.resolve('index', call));
    },
    refuseListing(reader, image) {
      refusedListingAt.set(keyOf(reader, image), clock.now());
    },
    isRefusedListing: (reader, image) => isWithin(refusedListingAt.get(keyOf(reader, image)), rightsMs),
  };
}
