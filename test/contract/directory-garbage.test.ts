import { readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { digestOf, hexOf, type Digest } from '../../src/oci/digest.ts';
import { emptyConfig, emptyConfigBytes, formatManifest, imageManifestType } from '../../src/oci/manifest.ts';
import { collectGarbage, type Garbage } from '../../src/store/directory/directory-garbage.ts';
import { createDirectoryStore } from '../../src/store/directory/directory-store.ts';
import type { ImageStore } from '../../src/store/store.ts';
import { makeTempDir } from '../support/temp-dir.ts';

const hourMs = 3_600_000;

async function aWorld() {
  const folder = await makeTempDir();
  onTestFinished(() => folder.remove());
  const directory = folder.path;
  const image = createDirectoryStore({ now: Date.now }, { directory, fsync: false }).image('a/b', { kind: 'gateway' });
  const collect = async (olderThanMs = hourMs, isDryRun = false) => {
    const removed: Garbage[] = [];
    await collectGarbage({ now: Date.now }, { directory, olderThanMs, isDryRun }, (one) => removed.push(one));
    return removed;
  };
  /** Makes all that is there two hours old. */
  const age = async () => {
    const then = new Date(Date.now() - 2 * hourMs);
    for (const file of await filesUnder(directory)) await utimes(file, then, then);
  };
  return { directory, image, collect, age };
}

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

function manifestOf(content: string): Uint8Array {
  const layer = { mediaType: 'text/plain', digest: digestOf(content), size: content.length };
  return formatManifest({ config: emptyConfig(), layers: [layer], annotations: {} });
}

async function pushTag(image: ImageStore, tag: string, content: string): Promise<Digest> {
  await image.pushBlob(emptyConfigBytes());
  await image.pushBlob(Buffer.from(content));
  return image.pushManifest(tag, { mediaType: imageManifestType, bytes: manifestOf(content) });
}

describe('a collection of garbage', () => {
  it('removes replaced manifests and what only they named, once they are old', async () => {
    const { image, collect, age } = await aWorld();
    const old = await pushTag(image, 'index', 'old');
    await pushTag(image, 'index', 'new');
    expect(await collect()).toEqual([]);
    await age();
    expect(await collect(hourMs, true)).toHaveLength(2);
    const removed = await collect();
    expect(removed.map(({ kind, name, image: of }) => [kind, name, of])).toEqual([
      ['manifest', old, 'a/b'],
      ['blob', digestOf('old'), 'a/b'],
    ]);
    expect(await image.fetchManifest('index')).toBeDefined();
    expect(await image.hasBlob(digestOf('new'))).toBe(true);
    expect(await collect()).toEqual([]);
  });

  it('leaves what is used again, however old it is', async () => {
    const { image, collect, age } = await aWorld();
    await pushTag(image, 'one', 'content');
    await image.deleteTag('one');
    await age();
    await image.pushBlob(Buffer.from('content'));
    const upload = await image.startUpload();
    await upload.finish({ digest: digestOf('{}'), size: 2, open: () => emptyConfigBytes() });
    expect((await collect()).map(({ kind }) => kind)).toEqual(['manifest']);
    await image.pushManifest('two', { mediaType: imageManifestType, bytes: manifestOf('content') });
    expect(await image.resolve('two')).toBeDefined();
  });

  it('removes uploads that died, and none that moves', async () => {
    const { directory, image, collect } = await aWorld();
    await pushTag(image, 'tag', 'content');
    const [old, young] = ['old', 'young'].map((name) => path.join(directory, 'uploads', name)) as [string, string];
    await writeFile(old, 'x');
    await writeFile(young, 'x');
    const then = new Date(Date.now() - 2 * hourMs);
    await utimes(old, then, then);
    expect(await collect(0)).toMatchObject([{ kind: 'upload', name: 'old', bytes: 1 }]);
    expect((await stat(young)).size).toBe(1);
  });

  it('puts back what one that died had taken aside', async () => {
    const { directory, image, collect, age } = await aWorld();
    await pushTag(image, 'tag', 'content');
    const blob = path.join(directory, 'images', 'a', 'b', '_blobs', hexOf(digestOf('content')));
    await writeFile(`${blob}.gone`, await readFile(blob));
    await rm(blob);
    await age();
    await collect();
    expect(await image.hasBlob(digestOf('content'))).toBe(true);
    expect(await readdir(path.dirname(blob))).toHaveLength(2);
  });

  it('removes nothing that it cannot understand', async () => {
    const { directory, image, collect, age } = await aWorld();
    const digest = await pushTag(image, 'tag', 'content');
    await image.pushBlob(Buffer.from('unused'));
    await writeFile(path.join(directory, 'images', 'a', 'b', '_manifests', hexOf(digest)), 'altered');
    await age();
    await expect(collect()).rejects.toMatchObject({ code: 'STORE_ANSWER_INVALID' });
    expect(await image.hasBlob(digestOf('unused'))).toBe(true);
  });

  it('loses nothing that is put beside it, not even without any grace', { timeout: 60_000 }, async () => {
    const { image, collect } = await aWorld();
    let isWriting = true;
    const collecting = (async () => {
      let removed = 0;
      while (isWriting) removed += (await collect(0)).length;
      return removed;
    })();
    const acknowledged: { tag: string; content: string }[] = [];
    await Promise.all(
      [0, 1, 2, 3].map(async (writer) => {
        for (let i = 0; i < 60; i += 1) {
          // What one tag alone has is garbage once that is deleted; some of it comes again.
          const isPassing = i % 4 === 3;
          const content = isPassing
            ? `passing ${writer} ${i % 8 === 3 ? i : ''}`
            : i % 2 === 0
              ? 'shared'
              : `${writer} ${i}`;
          const put = { tag: `tag-${writer}-${i}`, content };
          // A blob that was collected between its upload and its manifest is said to be unknown, and uploaded again.
          const isPut = await pushTag(image, put.tag, put.content).then(
            () => true,
            (error: unknown) => {
              expect(error).toMatchObject({ code: 'BLOB_UNKNOWN' });
              return false;
            },
          );
          if (isPut && isPassing) await image.deleteTag(put.tag);
          else if (isPut) acknowledged.push(put);
        }
      }),
    );
    isWriting = false;
    expect(await collecting).toBeGreaterThan(0);
    expect(acknowledged.length).toBeGreaterThan(30);
    for (const { tag, content } of acknowledged) {
      expect(await image.fetchManifest(tag)).toBeDefined();
      expect(await image.hasBlob(digestOf(content))).toBe(true);
    }
    expect(await image.hasBlob(digestOf('{}'))).toBe(true);
  });
});
