import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Busboy } from '@fastify/busboy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBytes } from '../../../../src/cli/lkar/http/gateway-answer.ts';
import { localFileOf, pushBodyOf } from '../../../../src/cli/lkar/commands/push-body.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'push-body-'));
});
afterEach(() => rm(folder, { recursive: true }));

const files = async (contents: Readonly<Record<string, string | Buffer>>) => {
  const paths = Object.keys(contents).map((name) => join(folder, name));
  for (const [name, content] of Object.entries(contents)) await writeFile(join(folder, name), content);
  return Promise.all(paths.map(localFileOf));
};

const partsOf = async (bytes: Buffer, contentType: string) => {
  const parts: { field: string; name: string; content: string }[] = [];
  const form = new Busboy({ headers: { 'content-type': contentType } });
  form.on('file', (field, stream, name) => {
    const part = { field, name, content: '' };
    parts.push(part);
    stream.on('data', (chunk: Buffer) => (part.content += chunk.toString()));
  });
  form.end(bytes);
  await once(form, 'finish');
  return parts;
};

describe('the body of a push', () => {
  it('is the file itself where there is one', async () => {
    const content = Buffer.alloc(700_000, 'x');
    let told = 0;
    const body = pushBodyOf(await files({ 'a.apk': content }), (_file, bytes) => {
      told = bytes;
    });
    expect(await readBytes(body.open(), 1e6)).toEqual(content);
    expect([body.size, told]).toEqual([content.length, content.length]);
  });

  it('is a form where there are several, of the very size that it says', async () => {
    const body = pushBodyOf(await files({ 'a.apk': 'one', 'b.apk': '', 'ü"\r\n.apk': 'three' }));
    const bytes = await readBytes(body.open(), 1e6);
    expect(bytes.length).toBe(body.size);
    const parts = await partsOf(bytes, body.contentType);
    expect(parts.map(({ content }) => content)).toEqual(['one', '', 'three']);
    expect(parts.map(({ field }) => field)).toEqual(['file', 'file', 'file']);
    expect(parts.map(({ name }) => name).slice(0, 2)).toEqual(['a.apk', 'b.apk']);
  });
});

it('a path that is no file is refused before anything is sent', async () => {
  await expect(localFileOf(folder)).rejects.toMatchObject({ code: 'FILE_INVALID' });
  await expect(localFileOf(join(folder, 'none'))).rejects.toMatchObject({ code: 'FILE_INVALID' });
});
