import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import { GatewayError, isGatewayError } from '../../errors.ts';
import type { CallOptions, ImageStore, Resolved } from '../../store/store.ts';
import { msSince, type MonotonicClock, type MonotonicMs } from '../../time/monotonic.ts';

/** Somebody who reads, by the hash that stands for their credentials. */
export interface Reader {
  readonly key: string;
  readonly image: ImageStore;
}

/** A reader whose image is opened when it is first needed: an answer from memory never does. */
export function createReader(key: string, open: () => ImageStore): Reader {
  return new LazyReader(key, open);
}

// A class: a getter in an object literal gives each object a hidden class of its own, which is slow.
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

/**
 * What the store said of readers' rights, for as long as it may be taken from memory. Only what it showed a reader proves that
 * they may read: that it has nothing for them proves nothing, since a registry may hide what somebody may not see.
 */
export interface ReaderRights {
  /** Whether the store showed this reader something of the image so lately. */
  mayRead(reader: Reader, image: string, withinMs: number): boolean;
  /** Asks for a tag as this reader: what is there is proof of their right, a refusal ends it at once. */
  resolve(reader: Reader, image: string, tag: string, call?: CallOptions): Promise<Resolved | undefined>;
  /** The store showed this reader something of the image. */
  prove(reader: Reader, image: string): void;
  /** The store doesn't show this reader any more what it shows others. */
  end(reader: Reader, image: string): void;
  /**
   * Whether the store shows this reader anything of the image; throws UNAUTHORIZED or FORBIDDEN where it says that they may
   * not read it. Where it shows nothing, nothing from memory is theirs.
   */
  authorize(reader: Reader, image: string, call?: CallOptions): Promise<boolean>;
  /** The store refused this reader a listing. */
  refuseListing(reader: Reader, image: string): void;
  isRefusedListing(reader: Reader, image: string): boolean;
}

/** Readers that are remembered, some KiB each with all that is made for them: who comes past them is asked about again. */
const maxReaders = 20_000;

export function createReaderRights(clock: MonotonicClock, { rightsMs }: { readonly rightsMs: number }): ReaderRights {
  const provenAt = createBoundedCache<MonotonicMs>(maxReaders);
  const refusedListingAt = createBoundedCache<MonotonicMs>(maxReaders);
  /** A tag of each image that was there for somebody. */
  const shownTags = createBoundedCache<string>(10_000);
  const keyOf = (reader: Reader, image: string) => `${reader.key} ${image}`;
  const isWithin = (at: MonotonicMs | undefined, ms: number) => at !== undefined && msSince(clock, at) < ms;

  const mayRead = (reader: Reader, image: string, withinMs: number) =>
    isWithin(provenAt.get(keyOf(reader, image)), withinMs);
  const prove = (reader: Reader, image: string) => {
    provenAt.set(keyOf(reader, image), clock.monotonicMs());
  };

  const end = (reader: Reader, image: string) => {
    provenAt.delete(keyOf(reader, image));
  };

  const resolve = async (reader: Reader, image: string, tag: string, call?: CallOptions) => {
    try {
      const resolved = await reader.image.resolve(tag, call);
      if (resolved === undefined) return undefined;
      shownTags.set(image, tag);
      prove(reader, image);
      return resolved;
    } catch (error) {
      if (isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) end(reader, image);
      throw error;
    }
  };

  return {
    mayRead,
    resolve,
    prove,
    end,
    async authorize(reader, image, call) {
      if (mayRead(reader, image, rightsMs)) return true;
      // Which tag was asked for would tell that there is something.
      const shown = await resolve(reader, image, shownTags.get(image) ?? 'index', call).catch((error: unknown) => {
        throw isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN') ? refused(image, error) : error;
      });
      if (shown !== undefined) return true;
      const tags = await reader.image.tags(call).catch((error: unknown) => {
        // Some may read and not list.
        if (isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) return [];
        throw error;
      });
      if (tags.length > 0) prove(reader, image);
      return tags.length > 0;
    },
    refuseListing(reader, image) {
      refusedListingAt.set(keyOf(reader, image), clock.monotonicMs());
    },
    isRefusedListing: (reader, image) => isWithin(refusedListingAt.get(keyOf(reader, image)), rightsMs),
  };
}

function refused(image: string, { code, details, cause }: GatewayError): GatewayError {
  return new GatewayError(code, `the registry lets these credentials read nothing of ${image}`, { details, cause });
}
