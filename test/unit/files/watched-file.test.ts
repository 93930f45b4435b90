import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createWatchedFile, fileVersions } from '../../../src/files/watched-file.ts';
import { aClock } from '../../support/a-repository.ts';

/** Files whose version and text a test sets; `no` can't be used. */
function aWatchedText() {
  const clock = aClock();
  const file = { version: '1', text: 'one', loads: 0 };
  const heard: string[] = [];
  const watched = createWatchedFile(clock, {
    version: () => Promise.resolve(file.version),
    load: () => {
      file.loads += 1;
      return file.text === 'no' ? Promise.reject(new Error('no')) : Promise.resolve(file.text);
    },
    onChange: (now, before) => heard.push(`${before} -> ${now}`),
    onFault: () => heard.push('fault'),
  });
  const change = (version: string, text: string) => {
    Object.assign(file, { version, text });
    clock.pass(1000);
  };
  return { clock, file, heard, watched, change };
}

it('a watched file is read once as long as it does not change, by however many ask', async () => {
  const { clock, file, watched } = aWatchedText();
  expect(await Promise.all([watched.current(), watched.current()])).toEqual(['one', 'one']);
  clock.pass(5000);
  await watched.current();
  expect(file.loads).toBe(1);
});

it('a watched file that changed is read again, at most once in its time', async () => {
  const { clock, file, heard, watched, change } = aWatchedText();
  await watched.current();
  Object.assign(file, { version: '2', text: 'two' });
  clock.pass(999);
  expect(await watched.current()).toBe('one');
  change('2', 'two');
  expect(await watched.current()).toBe('two');
  expect(heard).toEqual(['one -> two']);
});

it('what a watched file said holds while it cannot be used: each change is told once, and it is read again each time', async () => {
  const { clock, file, heard, watched, change } = aWatchedText();
  await watched.current();
  change('2', 'no');
  expect(await watched.current()).toBe('one');
  clock.pass(1000);
  expect([await watched.current(), heard]).toEqual(['one', ['fault']]);
  file.text = 'two';
  clock.pass(1000);
  expect([await watched.current(), heard]).toEqual(['two', ['fault', 'one -> two']]);
});

it('a watched file that was never of use is a fault for everybody, until it is', async () => {
  const { watched, change } = aWatchedText();
  change('0', 'no');
  await expect(watched.current()).rejects.toThrow('no');
  expect(watched.known()).toBeUndefined();
  change('1', 'one');
  expect(await watched.current()).toBe('one');
});

it('who can not wait gets what is known, and the next one what was read meanwhile', async () => {
  const { watched, change } = aWatchedText();
  await watched.current();
  change('2', 'two');
  expect(watched.known()).toBe('one');
  await watched.current();
  expect(watched.known()).toBe('two');
});

it('the versions of files tell whether one of them came, changed or went', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'versions-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const files = [join(folder, 'a'), join(folder, 'b')];
  const seen = [await fileVersions(...files)];
  await writeFile(files[1]!, 'one');
  seen.push(await fileVersions(...files));
  await writeFile(files[1]!, 'another');
  seen.push(await fileVersions(...files));
  expect(new Set(seen).size).toBe(3);
  expect(await fileVersions(...files)).toBe(seen[2]);
});
