import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, type Digest } from '../../src/oci/digest.ts';
import { emptyConfig, emptyConfigBytes, formatManifest, imageManifestType } from '../../src/oci/manifest.ts';
import { readBlob } from '../../src/store/read-blob.ts';
import type { BlobDescriptor, Credentials, ImageStore, Store } from '../../src/store/store.ts';

export interface StoreUnderTest {
  readonly store: Store;
  readonly credentials?: Credentials;
  /** Whether it removes tags at all. Default: true. */
  readonly deletes?: boolean;
  end(): Promise<void>;
}

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

/** Holds a store to the promises of src/store/store.ts. */
export function describeStore(name: string, start: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the promises of a store`, () => {
    let started: StoreUnderTest;
    beforeAll(async () => {
      started = await start();
    });
    afterAll(() => started.end());

    const anImage = (): ImageStore =>
      started.store.image(`group/${randomUUID()}`, started.credentials ?? { kind: 'anonymous' });

    it('answers a ping, and has a name for people', async () => {
      await started.store.ping();
      expect(started.store.description).not.toBe('');
    });

    it('has nothing of an image that nobody wrote to', async () => {
      const image = anImage();
      const absent = digestOf('absent');
      expect(await image.resolve('tag')).toBeUndefined();
      expect(await image.fetchManifest('tag')).toBeUndefined();
      expect(await image.fetchManifest(absent)).toBeUndefined();
      expect(await image.tags()).toEqual([]);
      expect(await image.hasBlob(absent)).toBe(false);
      expect(await image.openBlob({ digest: absent, size: 6 })).toBeUndefined();
      expect(await image.isReadable({ digest: absent, size: 6 })).toBe(false);
      expect(await image.locateBlob({ digest: absent, size: 6 })).toBeUndefined();
    });

    it('names its images, as many as are asked for', async () => {
      const credentials = started.credentials ?? { kind: 'anonymous' };
      const images = [anImage(), anImage()];
      for (const image of images) await pushTags(image, ['tag']);
      const all = await started.store.imageNames(credentials, { max: 1000 });
      expect(all?.names).toEqual(expect.arrayContaining(images.map(({ image }) => image)));
      expect(all?.isComplete).toBe(true);
      const some = await started.store.imageNames(credentials, { max: 1 });
      expect([some?.names.length, some?.isComplete]).toEqual([1, false]);
    });

    it('gives a manifest back by tag and by digest, byte for byte', async () => {
      const image = anImage();
      const bytes = await aManifest(image, 'content');
      const digest = await image.pushManifest('1.0-r0_x', { mediaType: imageManifestType, bytes });
      expect(digest).toBe(digestOf(bytes));
      for (const reference of ['1.0-r0_x', digest]) {
        expect(await image.resolve(reference)).toEqual({ digest, mediaType: imageManifestType, size: bytes.length });
        const fetched = await image.fetchManifest(reference);
        expect(fetched).toMatchObject({ digest, mediaType: imageManifestType });
        expect(Buffer.from(fetched!.bytes).equals(bytes)).toBe(true);
      }
    });

    it('lists every tag once', async () => {
      const image = anImage();
      await pushTags(image, ['a', 'b', 'A.b-c_d', 'b', 'x'.repeat(128)]);
      expect([...(await image.tags())].sort()).toEqual(['A.b-c_d', 'a', 'b', 'x'.repeat(128)].sort());
    });

    it('replaces what stands under a tag', async () => {
      const image = anImage();
      await pushTags(image, ['tag']);
      const bytes = await aManifest(image, 'another');
      const digest = await image.pushManifest('tag', { mediaType: imageManifestType, bytes });
      expect((await image.resolve('tag'))?.digest).toBe(digest);
      expect(await image.tags()).toEqual(['tag']);
    });

    it('keeps manifests that are put at the same moment', async () => {
      const image = anImage();
      const tags = Array.from({ length: 16 }, (_, i) => `tag-${i}`);
      await pushTags(image, tags);
      expect([...(await image.tags())].sort()).toEqual([...tags].sort());
    });

    it('refuses a manifest that names a blob it misses', async () => {
      const image = anImage();
      await image.pushBlob(emptyConfigBytes());
      const layer = { mediaType: 'application/x', digest: digestOf('missing'), size: 7 };
      const bytes = formatManifest({ config: emptyConfig(), layers: [layer], annotations: {} });
      const pushed = image.pushManifest('tag', { mediaType: imageManifestType, bytes });
      await expect(pushed).rejects.toEqual(code('BLOB_UNKNOWN'));
      expect(await image.resolve('tag')).toBeUndefined();
    });

    it('removes a tag, and nothing else', async () => {
      const image = anImage();
      await pushTags(image, ['goes', 'stays']);
      if (started.deletes === false) {
        await expect(image.deleteTag('goes')).rejects.toEqual(code('DELETE_UNSUPPORTED'));
        await expect(image.deleteTag('goes')).rejects.toEqual(code('DELETE_UNSUPPORTED'));
        return;
      }
      await image.deleteTag('goes');
      await image.deleteTag('goes');
      expect(await image.resolve('goes')).toBeUndefined();
      expect(await image.resolve('stays')).toBeDefined();
      expect(await image.tags()).toContain('stays');
    });

    it('removes a manifest that no tag names, and no other', async () => {
      const image = anImage();
      const put = async (content: string) => {
        const bytes = await aManifest(image, content);
        return image.pushManifest('tag', { mediaType: imageManifestType, bytes });
      };
      const [before, now] = [await put('before'), await put('now')];
      if (started.deletes === false) {
        await expect(image.deleteManifest(before)).rejects.toEqual(code('DELETE_UNSUPPORTED'));
        return;
      }
      await image.deleteManifest(before);
      await image.deleteManifest(before);
      expect(await image.fetchManifest(before)).toBeUndefined();
      expect((await image.fetchManifest('tag'))?.digest).toBe(now);
    });

    it('takes a removed tag again', async () => {
      if (started.deletes === false) return;
      const image = anImage();
      await pushTags(image, ['tag']);
      await image.deleteTag('tag');
      const bytes = await aManifest(image, 'again');
      await image.pushManifest('tag', { mediaType: imageManifestType, bytes });
      expect((await image.resolve('tag'))?.digest).toBe(digestOf(bytes));
    });

    it('gives a small blob back, and takes it twice', async () => {
      const image = anImage();
      const blob = await image.pushBlob(Buffer.from('small'));
      expect(await image.pushBlob(Buffer.from('small'))).toEqual(blob);
      expect(blob).toEqual({ digest: digestOf('small'), size: 5 });
      expect(await image.hasBlob(blob.digest)).toBe(true);
      expect(Buffer.from((await readBlob(image, blob, 5))!).toString()).toBe('small');
    });

    it.each([0, 1, 65_536, 3_000_000])('says that a blob of %i bytes can be read, and takes it again', async (size) => {
      const image = anImage();
      const bytes = randomBytes(size);
      const blob = await image.pushBlob(bytes);
      expect(await image.isReadable(blob)).toBe(true);
      expect(await image.pushBlob(bytes, { isAnew: true })).toEqual(blob);
      await (await image.startUpload()).finish({ ...blob, open: () => bytes }, { isAnew: true });
      expect((await read(image, blob)).equals(bytes)).toBe(true);
    });

    it.each([1, 65_536, 3_000_000])('says that a blob shorter than its %i bytes can’t be read', async (size) => {
      const image = anImage();
      const { digest } = await image.pushBlob(randomBytes(size - 1));
      expect(await image.isReadable({ digest, size })).toBe(false);
    });

    it('tells the time', () => {
      expect(Math.abs(started.store.stamp() - Date.now())).toBeLessThan(5_000);
    });

    it.each([0, 1, 65_536, 3_000_000])('takes a streamed blob of %i bytes through an upload session', async (size) => {
      const image = anImage();
      const bytes = randomBytes(size);
      const blob = { digest: digestOf(bytes), size };
      const upload = await image.startUpload();
      expect(await image.hasBlob(blob.digest)).toBe(false);
      await upload.finish({ ...blob, open: () => inPieces(bytes) });
      expect((await read(image, blob)).equals(bytes)).toBe(true);
    });

    it.each([1, 65_536, 3_000_000])(
      'takes a blob of %i bytes that was sent while it came, where it can',
      async (size) => {
        const image = anImage();
        const bytes = randomBytes(size);
        const blob = { digest: digestOf(bytes), size };
        const upload = await image.startUpload();
        const write = upload.ahead?.(size);
        for await (const piece of inPieces(bytes) as AsyncIterable<Buffer>) await write?.(piece);
        await upload.finish({ ...blob, open: () => bytes });
        expect((await read(image, blob)).equals(bytes)).toBe(true);
      },
    );

    it('refuses content that is not what its source promised', async () => {
      const image = anImage();
      const content = (digest: Digest, size: number) => ({ digest, size, open: () => Buffer.from('content') });
      const other = (await image.startUpload()).finish(content(digestOf('other'), 7));
      await expect(other).rejects.toEqual(code('DIGEST_MISMATCH'));
      const longer = (await image.startUpload()).finish({
        ...content(digestOf('content'), 8),
        open: () => inPieces(Buffer.from('content')),
      });
      await expect(longer).rejects.toEqual(code('DIGEST_MISMATCH'));
      expect(await image.hasBlob(digestOf('other'))).toBe(false);
      expect(await image.hasBlob(digestOf('content'))).toBe(false);
    });

    it('keeps nothing of an upload that was given up', async () => {
      const image = anImage();
      const upload = await image.startUpload();
      await upload.cancel();
      await upload.cancel();
      expect(await image.tags()).toEqual([]);
    });

    it('gives the fault of an upload whose source breaks', async () => {
      const image = anImage();
      const upload = await image.startUpload();
      const broken = () =>
        new Readable({
          read() {
            this.destroy(new Error('the disk broke'));
          },
        });
      const finished = upload.finish({ digest: digestOf('x'), size: 1, open: broken });
      await expect(finished).rejects.toThrow('the disk broke');
      expect(await image.hasBlob(digestOf('x'))).toBe(false);
    });

    it.each([
      ['the first byte', 0, 0],
      ['some in the middle', 100_000, 199_999],
      ['the last byte', 299_999, 299_999],
      ['everything', 0, 299_999],
    ])('gives a range of a blob: %s', async (_name, start, end) => {
      const image = anImage();
      const bytes = randomBytes(300_000);
      const blob = await image.pushBlob(bytes);
      const opened = await image.openBlob(blob, { range: { start, end } });
      expect(opened?.size).toBe(end - start + 1);
      expect((await buffer(opened!.stream)).equals(bytes.subarray(start, end + 1))).toBe(true);
    });

    it('delivers nothing whole under a descriptor of another size', async () => {
      const image = anImage();
      const { digest } = await image.pushBlob(Buffer.from('content'));
      await expect(read(image, { digest, size: 6 })).rejects.toEqual(code('DIGEST_MISMATCH'));
      await expect(read(image, { digest, size: 8 })).rejects.toEqual(code('DIGEST_MISMATCH'));
      await expect(readBlob(image, { digest, size: 7 }, 6)).rejects.toEqual(code('SIZE_EXCEEDED'));
    });

    it('keeps the blobs of one image from the readers of another', async () => {
      const blob = await anImage().pushBlob(randomBytes(10));
      const other = anImage();
      expect(await other.hasBlob(blob.digest)).toBe(false);
      expect(await other.openBlob(blob)).toBeUndefined();
    });

    it('makes a blob of one image one of another, as often as it is asked to', async () => {
      const from = anImage();
      const bytes = randomBytes(70_000);
      const blob = await from.pushBlob(bytes);
      const image = anImage();
      expect([await image.mountBlob(blob, from.image), await image.mountBlob(blob, from.image)]).toEqual([true, true]);
      expect(await read(image, blob)).toEqual(bytes);
      await pushTags(image, ['tag']);
      expect(await read(from, blob)).toEqual(bytes);
    });

    it('mounts nothing that the other image misses', async () => {
      const from = anImage();
      await from.pushBlob(randomBytes(10));
      const image = anImage();
      const blob = { digest: digestOf('absent'), size: 6 };
      expect(await image.mountBlob(blob, from.image)).toBe(false);
      expect(await image.mountBlob(blob, anImage().image)).toBe(false);
      expect(await image.hasBlob(blob.digest)).toBe(false);
    });

    it('lets a reader leave before the end', async () => {
      const image = anImage();
      const blob = await image.pushBlob(randomBytes(3_000_000));
      const opened = await image.openBlob(blob);
      for await (const chunk of opened!.stream) {
        expect((chunk as Buffer).length).toBeGreaterThan(0);
        break;
      }
      expect(opened!.stream.destroyed).toBe(true);
    });

    it('ends a call whose signal fired', async () => {
      const image = anImage();
      const signal = AbortSignal.abort();
      await expect(image.resolve('tag', { signal })).rejects.toEqual(code('ABORTED'));
      await expect(image.tags({ signal })).rejects.toEqual(code('ABORTED'));
      await expect(image.startUpload({ signal })).rejects.toEqual(code('ABORTED'));
      await expect(image.pushBlob(Buffer.from('a'), { signal })).rejects.toEqual(code('ABORTED'));
      await expect(image.mountBlob({ digest: digestOf('a'), size: 1 }, 'b', { signal })).rejects.toEqual(
        code('ABORTED'),
      );
      await expect(image.deleteTag('tag', { signal })).rejects.toEqual(code('ABORTED'));
      await expect(started.store.ping({ signal })).rejects.toEqual(code('ABORTED'));
    });
  });
}

// Each manifest is another one, so that removing one by digest takes no other tag along.
async function pushTags(image: ImageStore, tags: readonly string[]): Promise<void> {
  // The one blob that all share is there before: distribution rewrites its link in place, and a manifest put meanwhile misses it.
  await image.pushBlob(emptyConfigBytes());
  const push = async (tag: string) => {
    const bytes = await aManifest(image, `${tag} ${randomUUID()}`);
    await image.pushManifest(tag, { mediaType: imageManifestType, bytes });
  };
  await Promise.all(tags.map(push));
}

async function aManifest(image: ImageStore, content: string): Promise<Buffer> {
  await image.pushBlob(emptyConfigBytes());
  const layer = await image.pushBlob(Buffer.from(content));
  const layers = [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...layer }];
  return Buffer.from(formatManifest({ config: emptyConfig(), layers, annotations: {} }));
}

function inPieces(bytes: Buffer): Readable {
  const pieces = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, i) =>
    bytes.subarray(i * 65_536, (i + 1) * 65_536),
  );
  return Readable.from(pieces, { objectMode: false });
}

async function read(image: ImageStore, blob: BlobDescriptor): Promise<Buffer> {
  const opened = await image.openBlob(blob);
  return buffer(opened!.stream);
}
