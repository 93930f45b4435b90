import { createByteBoundedCache } from '../../concurrency/bounded-cache.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { KeptPackage } from '../artifacts/kept-package.ts';
import { readKept } from './kept-packages.ts';

/** What tags keep, read once: for those who list it. Whoever acts on it, or serves its bytes, reads it anew. */
export interface KnownKept {
  /** What these tags keep, or kept when that was read. */
  read(image: ImageStore, tags: readonly string[], call: CallOptions): Promise<readonly KeptPackage[]>;
  /** What these tags keep right now: one small question for each that is known. */
  confirm(image: ImageStore, kept: readonly KeptPackage[], call: CallOptions): Promise<readonly KeptPackage[]>;
}

interface Known {
  readonly digest: string;
  readonly kept: KeptPackage;
}

const concurrency = 8;
const maxBytes = 16 * 2 ** 20;

/** One for each service. */
export function createKnownKept(): KnownKept {
  const known = createByteBoundedCache<Known>(maxBytes, ({ kept }) => 1000 + 2 * JSON.stringify(kept).length);
  const keyOf = (image: ImageStore, tag: string) => `${image.image} ${tag}`;

  const fetchKept = async (image: ImageStore, tag: string, call: CallOptions) => {
    const read = await readKept(image, tag, call);
    if (read !== undefined) known.set(keyOf(image, tag), { digest: read.digest, kept: read.kept });
    return read?.kept;
  };
  const confirmOne = async (image: ImageStore, kept: KeptPackage, call: CallOptions) => {
    const last = known.get(keyOf(image, kept.tag));
    const resolved = await image.resolve(kept.tag, call);
    if (resolved === undefined) return undefined;
    return last?.digest === resolved.digest ? last.kept : await fetchKept(image, kept.tag, call);
  };

  return {
    async read(image, tags, call) {
      const read = await inParallel(
        tags,
        concurrency,
        async (tag) => known.get(keyOf(image, tag))?.kept ?? (await fetchKept(image, tag, call)),
      );
      return read.filter((one) => one !== undefined);
    },
    async confirm(image, kept, call) {
      const confirmed = await inParallel(kept, concurrency, (one) => confirmOne(image, one, call));
      return confirmed.filter((one) => one !== undefined);
    },
  };
}
