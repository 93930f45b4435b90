import type { ImageStore, Store } from '../../../src/store/store.ts';

/** A store whose images do some things otherwise. */
export function withChangedImages(store: Store, change: (image: ImageStore) => Partial<ImageStore>): Store {
  return {
    ...store,
    image(...args) {
      const image = store.image(...args);
      return { ...image, ...change(image) };
    },
  };
}
