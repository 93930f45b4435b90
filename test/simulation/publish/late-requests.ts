import { GatewayError } from '../../../src/errors.ts';
import type { ImageStore, Store } from '../../../src/store/store.ts';

/** Which requests are answered with a fault and take effect later all the same. */
export interface LateRequests {
  readonly isLatePut: (tag: string) => boolean;
  readonly isLateDelete: (tag: string) => boolean;
  /** Until it lands. */
  readonly wait: (label: string) => Promise<void>;
}

/** A store some of whose puts and deletes of tags land later than they are answered: through `behind`, where nobody waits. */
export function withLateRequests(store: Store, behind: Store, late: LateRequests): Store {
  const land = (label: string, request: () => Promise<unknown>) => {
    void late.wait(label).then(() => request().catch(() => undefined));
    return Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'the answer did not come in time'));
  };
  return {
    ...store,
    image(image, credentials): ImageStore {
      const front = store.image(image, credentials);
      const back = () => behind.image(image, credentials);
      return {
        ...front,
        pushManifest: (tag, manifest, options) =>
          late.isLatePut(tag)
            ? land(`late put ${tag}`, () => back().pushManifest(tag, manifest))
            : front.pushManifest(tag, manifest, options),
        deleteTag: (tag, options) =>
          late.isLateDelete(tag)
            ? land(`late delete ${tag}`, () => back().deleteTag(tag))
            : front.deleteTag(tag, options),
      };
    },
  };
}
