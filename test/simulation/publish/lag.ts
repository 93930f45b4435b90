import type { Digest } from '../../../src/oci/digest.ts';
import type { Store } from '../../../src/store/store.ts';
import type { MemoryImage, MemoryStoreOptions } from '../../support/memory-store.ts';

/** By how many requests what a registry says of its tags is behind what it did. */
export interface Lag {
  readonly listing: number;
  readonly lookup: number;
}

interface TagEvent {
  readonly step: number;
  readonly tag: string;
  readonly digest: Digest | undefined;
}

/** The tags of one image that remember how they came to be, so that they can be shown as they were. */
class RecordedTags extends Map<string, Digest> {
  readonly events: TagEvent[] = [];
  readonly #steps: () => number;

  constructor(steps: () => number) {
    super();
    this.#steps = steps;
  }

  override set(tag: string, digest: Digest): this {
    this.events.push({ step: this.#steps(), tag, digest });
    return super.set(tag, digest);
  }

  override delete(tag: string): boolean {
    if (this.has(tag)) this.events.push({ step: this.#steps(), tag, digest: undefined });
    return super.delete(tag);
  }

  asOf(step: number): ReadonlyMap<string, Digest> {
    const tags = new Map<string, Digest>();
    for (const event of this.events) {
      if (event.step > step) break;
      if (event.digest === undefined) tags.delete(event.tag);
      else tags.set(event.tag, event.digest);
    }
    return tags;
  }
}

/** A registry whose listings and reads by name lag until `end` is called. */
export function laggingRegistry(
  image: string,
  lag: Lag,
  steps: () => number,
): Required<Pick<MemoryStoreOptions, 'images' | 'listing' | 'lookup'>> & { readonly end: () => void } {
  const tags = new RecordedTags(steps);
  const images = new Map<string, MemoryImage>([[image, { tags, manifests: new Map(), blobs: new Map() }]]);
  let isOver = false;
  const asOf = (behind: number) => (isOver ? tags : tags.asOf(steps() - behind));
  return {
    images,
    listing: () => asOf(lag.listing).keys(),
    lookup: (_image, tag) => asOf(lag.lookup).get(tag),
    end() {
      isOver = true;
    },
  };
}

/** A replica that lists the image once and then believes that listing for ever. */
export function listsOnce(store: Store): Store {
  let first: Promise<readonly string[]> | undefined;
  return {
    ...store,
    image(image, credentials) {
      const front = store.image(image, credentials);
      return { ...front, tags: (options) => (first ??= front.tags(options)) };
    },
  };
}
