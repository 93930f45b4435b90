import { readdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryBudget, createSpool, type Spool } from '../../../src/http/upload/spool.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

let folder: Awaited<ReturnType<typeof makeTempDir>>;
beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(() => folder.remove());

async function contentOf(spool: Spool): Promise<string> {
  const opened = spool.open();
  return Buffer.concat(opened instanceof Readable ? ((await opened.toArray()) as Uint8Array[]) : [opened]).toString();
}

describe('a spool', () => {
  it.each([0, 3, 5, 6, 7, 100])(
    'gives back what was written, again and again, with %i bytes of memory',
    async (bytes) => {
      const spool = createSpool({ memory: createMemoryBudget(bytes), directory: folder.path });
      for (const chunk of ['ab', 'cd', 'ef']) await spool.write(Buffer.from(chunk));
      expect([await contentOf(spool), await contentOf(spool)]).toEqual(['abcdef', 'abcdef']);
      expect(spool.open() instanceof Readable).toBe(bytes < 6);
      await spool.close();
    },
  );

  it('is read again from its first byte on after a reader left in the middle', async () => {
    const spool = createSpool({ memory: createMemoryBudget(0), directory: folder.path });
    const content = 'x'.repeat(300_000);
    await spool.write(Buffer.from(content));
    for (let left = 0; left < 3; left += 1) {
      const reader = spool.open() as Readable;
      for await (const chunk of reader) if ((chunk as Buffer).length > 0) break;
      expect(reader.destroyed).toBe(true);
    }
    expect(await contentOf(spool)).toBe(content);
    const late = spool.open() as Readable;
    await spool.close();
    await expect(late.toArray()).rejects.toThrow();
  });

  it('leaves no file behind, not even while it has one', async () => {
    const spool = createSpool({ memory: createMemoryBudget(0), directory: folder.path });
    await spool.write(Buffer.from('content'));
    expect(await readdir(folder.path)).toEqual([]);
    await spool.close();
  });

  it('shares its memory with others, and gives it back', async () => {
    const memory = createMemoryBudget(10);
    const [first, second] = [
      createSpool({ memory, directory: folder.path }),
      createSpool({ memory, directory: folder.path }),
    ];
    await first.write(Buffer.alloc(8));
    await second.write(Buffer.alloc(8));
    expect([first.open() instanceof Readable, second.open() instanceof Readable]).toEqual([false, true]);
    await Promise.all([first.close(), second.close()]);
    expect(memory.take(10)).toBe(true);
  });

  it('is overloaded where no file can be made', async () => {
    const spool = createSpool({ memory: createMemoryBudget(0), directory: `${folder.path}/missing` });
    await expect(spool.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'OVERLOADED' });
    await spool.close();
  });
});
