import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { GatewayError } from '../../../../src/errors.ts';
import { readFormFiles } from '../../../../src/http/upload/form-files.ts';

const formOf = (...names: readonly string[]) => {
  const form = new FormData();
  for (const name of names) form.append('file', new Blob([name]), name);
  const { body, headers } = new Response(form);
  return { body: Readable.fromWeb(body!), contentType: headers.get('content-type') ?? '' };
};

const refuse = async (file: Readable) => {
  let text = '';
  for await (const chunk of file) text += String(chunk);
  if (text.startsWith('bad')) throw new GatewayError('PACKAGE_MALFORMED', 'it has no end', { details: { offset: 7 } });
  return text;
};

it('of several files the refused one is named', async () => {
  const { body, contentType } = formOf('good.apk', 'bad.apk', 'other.apk');
  await expect(readFormFiles(body, contentType, refuse)).rejects.toMatchObject({
    code: 'PACKAGE_MALFORMED',
    message: 'bad.apk: it has no end',
    details: { offset: 7, file: 'bad.apk' },
  });
});

it('a form without a bad file gives what was read, in its order', async () => {
  const { body, contentType } = formOf('b.apk', 'a.apk');
  expect(await readFormFiles(body, contentType, refuse)).toEqual(['b.apk', 'a.apk']);
});

it('one file is read at a time, so that many hold no more than one', async () => {
  const { body, contentType } = formOf(...Array.from({ length: 50 }, (_, n) => `${n}.apk`));
  let underWay = 0;
  const counts: number[] = [];
  await readFormFiles(body, contentType, async (file) => {
    counts.push((underWay += 1));
    await file.resume().toArray();
    await new Promise(setImmediate);
    underWay -= 1;
  });
  expect(counts).toEqual(Array.from({ length: 50 }, () => 1));
});
