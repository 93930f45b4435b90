import { expect, it } from 'vitest';
import { createFetchLayers } from '../../../src/repository/index/index-layers.ts';
import type { IndexManifest } from '../../../src/repository/index/index-manifest.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import type { ImageStore } from '../../../src/store/store.ts';
import { at } from '../../support/a-repository.ts';

it('an index that names more bytes than any index has is not read at all', async () => {
  let opened = 0;
  const image = {
    image: at.image,
    openBlob: () => {
      opened += 1;
      return Promise.resolve(undefined);
    },
  } as unknown as ImageStore;
  const layer = (name: string) => ({ mediaType: 'x/y', digest: digestOf(Buffer.from(name)), size: 16 * 1024 * 1024 });
  const runs = Array.from({ length: 50 }, (_, i) => ({ part: layer(`part ${i}`), details: layer(`details ${i}`) }));
  const manifest = { v2Runs: runs, v3Runs: [] } as unknown as IndexManifest;
  const fetchLayers = createFetchLayers({ maxBytes: 1024, concurrency: 4 });
  await expect(fetchLayers(image, manifest, {})).rejects.toMatchObject({ code: 'SIZE_EXCEEDED' });
  expect(opened).toBe(0);
});
