import { readdir, readlink } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSpool, type SpooledContent } from '../../../src/http/upload/spool.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

let folder: Awaited<ReturnType<typeof makeTempDir>>;
beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(() => folder.remove());

async function contentOf(spool: SpooledContent): Promise<string> {
  const opened = spool.open();
  return Buffer.concat(opened instanceof Readable ? ((await opened.toArray()) as Uint8Array[]) : [opened]).toString();
}

describe('a spool', () => {
  it.each([0, 3, 5, 6, 7, 100])(
    'gives back what was written, again and again, with %i bytes of memory',
    async (memoryBytes) => {
      const spool = createSpool({ memoryBytes, directory: folder.path });
      const content = spool.begin();
      for (const chunk of ['ab', 'cd', 'ef']) await content.write(Buffer.from(chunk));
      expect([await contentOf(content), await contentOf(content)]).toEqual(['abcdef', 'abcdef']);
      expect(content.open() instanceof Readable).toBe(memoryBytes < 6);
      await spool.close();
    },
  );

  it('is read again from its first byte on after a reader left in the middle', async () => {
    const spool = createSpool({ memoryBytes: 0, directory: folder.path });
    const content = spool.begin();
    const text = 'x'.repeat(300_000);
    await content.write(Buffer.from(text));
    for (let left = 0; left < 3; left += 1) {
      const reader = content.open() as Readable;
      for await (const chunk of reader) if ((chunk as Buffer).length > 0) break;
      expect(reader.destroyed).toBe(true);
    }
    expect(await contentOf(content)).toBe(text);
    const late = content.open() as Readable;
    await spool.close();
    await expect(late.toArray()).rejects.toThrow();
  });

  it('leaves no file behind, not even while it has one', async () => {
    const spool = createSpool({ memoryBytes: 0, directory: folder.path });
    await spool.begin().write(Buffer.from('content'));
    expect(await readdir(folder.path)).toEqual([]);
    await spool.close();
  });

  it('keeps as many packages as there are in one memory and one file', async () => {
    const spool = createSpool({ memoryBytes: 10, directory: folder.path });
    const filesBefore = await openFiles();
    const texts = ['abcdefgh', 'ijklmnop', 'qr', '', 'stuvwxyz'.repeat(20_000), 'é'];
    const contents: SpooledContent[] = [];
    for (const text of texts) {
      const content = spool.begin();
      contents.push(content);
      for (const character of text.match(/.{1,1000}/gs) ?? []) await content.write(Buffer.from(character));
    }
    expect(await Promise.all(contents.map(contentOf))).toEqual(texts);
    expect(contents.map((content) => content.open() instanceof Readable)).toEqual([
      ...[false, true, false],
      ...[false, true, true],
    ]);
    expect(await openFiles()).toBe(filesBefore + 1);
    await spool.close();
    expect(await openFiles()).toBe(filesBefore);
  });

  it('is overloaded where no file can be made', async () => {
    const spool = createSpool({ memoryBytes: 0, directory: `${folder.path}/missing` });
    await expect(spool.begin().write(Buffer.from('x'))).rejects.toMatchObject({ code: 'OVERLOADED' });
    await spool.close();
  });
});

/** How many files of the folder this process has open. */
async function openFiles(): Promise<number> {
  const opened = await readdir('/proc/self/fd');
  const targets = await Promise.all(opened.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return targets.filter((target) => target.startsWith(folder.path)).length;
}
