import { readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { GatewayError } from '../../src/errors.ts';
import { digestOf, hexOf } from '../../src/oci/digest.ts';
import { emptyConfig, emptyConfigBytes, formatManifest, imageManifestType } from '../../src/oci/manifest.ts';
import { createDirectoryStore, type DirectoryStoreDeps } from '../../src/store/directory/directory-store.ts';
import { readBlob } from '../../src/store/read-blob.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { describeStore } from './store.ts';

describeStore('the directory store', async () => {
  const folder = await makeTempDir();
  const store = createDirectoryStore({ now: Date.now }, { directory: path.join(folder.path, 'made', 'by', 'it') });
  return { store, end: () => folder.remove() };
});

const anonymous = { kind: 'anonymous' } as const;

async function aFolder(): Promise<string> {
  const folder = await makeTempDir();
  onTestFinished(() => folder.remove());
  return folder.path;
}

function anImageIn(directory: string, deps: Partial<DirectoryStoreDeps> = {}) {
  return createDirectoryStore({ now: Date.now, ...deps }, { directory, fsync: false }).image('a/b', anonymous);
}

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

async function pushTag(image: ReturnType<typeof anImageIn>, tag: string) {
  await image.pushBlob(emptyConfigBytes());
  const bytes = formatManifest({ config: emptyConfig(), layers: [], annotations: { tag } });
  return image.pushManifest(tag, { mediaType: imageManifestType, bytes });
}

describe('the folder of a directory store', () => {
  it('is for its owner alone', async () => {
    const directory = await aFolder();
    await pushTag(anImageIn(directory), 'tag');
    for (const file of await filesUnder(directory)) {
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
    }
  });

  it('is shared by stores that know nothing of each other', async () => {
    const directory = await aFolder();
    const [one, other] = [anImageIn(directory), anImageIn(directory)];
    await Promise.all(Array.from({ length: 50 }, (_, i) => pushTag(i % 2 === 0 ? one : other, `tag-${i}`)));
    expect(await one.tags()).toHaveLength(50);
    await other.deleteTag('tag-0');
    expect(await one.resolve('tag-0')).toBeUndefined();
  });

  it('is not taken for an empty one where it went away', async () => {
    const directory = await aFolder();
    await pushTag(anImageIn(directory), 'tag');
    const store = createDirectoryStore({ now: Date.now }, { directory, fsync: false });
    const image = store.image('a/b', anonymous);
    expect(await image.tags()).toEqual(['tag']);
    await rm(path.join(directory, 'images'), { recursive: true });
    const works = [
      () => image.tags(),
      () => image.resolve('tag'),
      () => image.fetchManifest('tag'),
      () => image.startUpload(),
      () => store.imageNames(anonymous, { max: 10 }),
      () => store.ping(),
    ];
    for (const work of works) await expect(work()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('keeps images apart whose names begin alike', async () => {
    const store = createDirectoryStore({ now: Date.now }, { directory: await aFolder(), fsync: false });
    await pushTag(store.image('a', anonymous), 'tag');
    await pushTag(store.image('a/tags', anonymous), 'other');
    expect(await store.image('a', anonymous).tags()).toEqual(['tag']);
    expect(await store.image('a/tags', anonymous).tags()).toEqual(['other']);
  });

  it.each(['../a', 'a/../../b', '/etc', 'a/_tags', 'A', '.', ''])('has no image %j', async (name) => {
    const store = createDirectoryStore({ now: Date.now }, { directory: await aFolder() });
    expect(() => store.image(name, anonymous)).toThrow(expect.objectContaining({ code: 'IMAGE_INVALID' }));
  });

  it('loses what died uploads left, once it is a day old', async () => {
    const directory = await aFolder();
    await pushTag(anImageIn(directory), 'tag');
    const [old, young] = ['old', 'young'].map((name) => path.join(directory, 'uploads', name)) as [string, string];
    await writeFile(old, 'x');
    await writeFile(young, 'x');
    const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000);
    await utimes(old, yesterday, yesterday);
    await createDirectoryStore({ now: Date.now }, { directory }).close();
    expect(await readdir(path.join(directory, 'uploads'))).toEqual(['young']);
  });

  it('has nothing of a file that was never whole', async () => {
    const directory = await aFolder();
    const image = anImageIn(directory);
    const upload = await image.startUpload();
    const source = { digest: digestOf('abc'), size: 3, open: () => Buffer.from('abd') };
    await expect(upload.finish(source)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await filesUnder(directory)).toEqual([]);
  });

  it('gives out no content that was altered on the disk', async () => {
    const directory = await aFolder();
    const image = anImageIn(directory);
    const blob = await image.pushBlob(Buffer.from('content'));
    const digest = await pushTag(image, 'tag');
    const find = async (hex: string) => (await filesUnder(directory)).find((file) => file.endsWith(hex))!;
    await writeFile(await find(hexOf(blob.digest)), 'altered');
    await writeFile(await find(hexOf(digest)), '{}');
    await expect(readBlob(image, blob, 100)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    await expect(image.fetchManifest('tag')).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    await writeFile(await find('tag'), 'no digest');
    await expect(image.resolve('tag')).rejects.toMatchObject({ code: 'STORE_ANSWER_INVALID' });
  });

  it('refuses documents that it could not serve by what they are', async () => {
    const image = anImageIn(await aFolder());
    const refused = { code: 'STORE_ANSWER_INVALID', details: { refused: true } };
    const index = { mediaType: 'application/vnd.oci.image.index.v1+json', bytes: Buffer.from('{}') };
    await expect(image.pushManifest('tag', index)).rejects.toMatchObject(refused);
    const empty = { mediaType: imageManifestType, bytes: Buffer.from('{}') };
    await expect(image.pushManifest('tag', empty)).rejects.toMatchObject(refused);
  });

  it('that can not be written is unavailable', async () => {
    const directory = path.join(await aFolder(), 'file');
    await writeFile(directory, '');
    const store = createDirectoryStore({ now: Date.now }, { directory });
    const unavailable = { code: 'STORE_UNAVAILABLE' };
    await expect(store.ping()).rejects.toMatchObject(unavailable);
    await expect(store.image('a', anonymous).pushBlob(Buffer.from('a'))).rejects.toMatchObject(unavailable);
    expect(await readFile(directory, 'utf8')).toBe('');
  });
});

describe('a directory store with users', () => {
  it('asks of each call what it needs, and nothing of the gateway itself', async () => {
    const asked: string[] = [];
    const directory = await aFolder();
    const authenticate: DirectoryStoreDeps['authenticate'] = (credentials, image, action) => {
      asked.push(`${image} ${action}`);
      if (credentials.kind === 'basic') return Promise.resolve();
      return Promise.reject(new GatewayError('UNAUTHORIZED', 'no'));
    };
    const store = createDirectoryStore({ now: Date.now, authenticate }, { directory, fsync: false });
    const unauthorized = { code: 'UNAUTHORIZED' };
    const open = store.image('a', anonymous);
    await expect(open.tags()).rejects.toMatchObject(unauthorized);
    await expect(open.startUpload()).rejects.toMatchObject(unauthorized);
    await expect(open.deleteTag('tag')).rejects.toMatchObject(unauthorized);
    expect(asked).toEqual(['a pull', 'a push', 'a delete']);
    await store.image('a', { kind: 'basic', username: 'u', password: 'p' }).tags();
    expect(asked).toHaveLength(4);
    await pushTag(store.image('a', { kind: 'gateway' }), 'tag');
    expect(asked).toHaveLength(4);
  });
});
