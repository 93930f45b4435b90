import { readdir, rm, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyImage, type CopyOptions } from '../../../../src/repository/upkeep/copy-image.ts';
import { openImageLayout } from '../../../../src/store/directory/image-layout.ts';
import { aClock, aReplica, at } from '../../../support/a-repository.ts';
import { createMemoryStore } from '../../../support/memory-store.ts';
import { makeTempDir } from '../../../support/temp-dir.ts';

let folder: Awaited<ReturnType<typeof makeTempDir>>;
beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(() => folder.remove());

const names = Array.from({ length: 20 }, (_, i) => `package-${i}`);

async function aSource() {
  const store = createMemoryStore();
  const clock = aClock();
  await aReplica({ store, clock }).push(names.map((name) => ({ name, version: '1.0-r0' })));
  const image = store.image(at.image, { kind: 'anonymous' });
  return async (options: CopyOptions = {}) => {
    const layout = await openImageLayout(folder.path, at.image);
    return await copyImage({ clock }, image, layout, options).finally(() => layout.close());
  };
}

describe('an image layout', () => {
  it('gets a blob anew that a machine without power left short or empty', async () => {
    const exportThere = await aSource();
    const stop = new AbortController();
    await exportThere({
      signal: stop.signal,
      onProgress: ({ done }) => {
        if (done === 5) stop.abort();
      },
    }).catch(() => undefined);
    // It is written last.
    await rm(path.join(folder.path, 'index.json'));
    const blobs = path.join(folder.path, 'blobs', 'sha256');
    for (const [i, name] of (await readdir(blobs)).entries()) {
      const file = path.join(blobs, name);
      await truncate(file, i % 2 === 0 ? 0 : (await stat(file)).size - 1);
    }
    await exportThere();
    const layout = await openImageLayout(folder.path, at.image);
    const back = createMemoryStore().image(at.image, { kind: 'anonymous' });
    expect(await copyImage({ clock: aClock() }, layout, back)).toMatchObject({
      packages: 20,
      indexes: 1,
      unchanged: 0,
    });
  });

  it('is whole where its export was ended, and the next one goes on from there', async () => {
    const exportThere = await aSource();
    const stop = new AbortController();
    const onProgress = ({ done }: { readonly done: number }) => {
      if (done === 5) stop.abort();
    };
    await expect(exportThere({ signal: stop.signal, onProgress })).rejects.toMatchObject({ code: 'ABORTED' });
    const layout = await openImageLayout(folder.path, at.image);
    const tags = await layout.tags();
    expect(tags.length).toBeGreaterThanOrEqual(5);
    expect(tags.length).toBeLessThan(20);
    for (const tag of tags) expect(await layout.fetchManifest(tag)).toBeDefined();
    expect(await exportThere()).toMatchObject({ packages: 20, indexes: 1, unchanged: tags.length });
  });
});
