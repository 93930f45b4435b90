import { copyFile, mkdtemp, rm, utimes, writeFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDirectorySigningKeys, directoryKeyFile } from '../../../src/repository/keys/directory-signing-keys.ts';
import { clientFileNameOf, createKeyFileSigningKeys } from '../../../src/repository/keys/key-file-signing-keys.ts';
import { publicPemOf } from '../../../src/repository/keys/signing-key.ts';
import { aClock } from '../../support/a-repository.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import { aLog, aPrivateKey, keyFixture } from '../../support/signing-keys.ts';

const image = createMemoryStore().image('any/image', { kind: 'anonymous' });
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signing-keys-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('key files', () => {
  const clock = aClock();

  it.each([
    ['/etc/keys/me@example.org-5f3a.rsa', 'me@example.org-5f3a.rsa.pub'],
    ['signing.pem', 'signing.rsa.pub'],
    ['/run/secrets/tls.key', 'tls.rsa.pub'],
    ['bare', 'bare.rsa.pub'],
  ])('%s is known to clients as %s', (path, name) => {
    expect(clientFileNameOf(path)).toBe(name);
  });

  it('sign in the order given', async () => {
    const files = [keyFixture('test-only-4096.rsa'), keyFixture('test-only-2048.rsa')];
    const keys = await createKeyFileSigningKeys({ clock, log: aLog() }, { files });
    const names = (await keys.ofImageForWriting(image)).map(({ fileName }) => fileName);
    expect(names).toEqual(['test-only-4096.rsa.pub', 'test-only-2048.rsa.pub']);
  });

  it('may be EC beside RSA: those sign Packages.adb alone, under names that end in .pem', async () => {
    const files = ['test-only-p256.pem', 'test-only-2048.rsa', 'test-only-p256.sec1.pem'].map(keyFixture);
    const log = aLog();
    const keys = await createKeyFileSigningKeys({ clock, log }, { files });
    const names = (some: readonly { fileName: string }[] | undefined) => some?.map(({ fileName }) => fileName);
    expect(names(await keys.ofImage(image))).toEqual(['test-only-2048.rsa.pub']);
    expect(names(await keys.ofImageForWriting(image))).toEqual(['test-only-2048.rsa.pub']);
    expect(names(await keys.ofV3?.())).toEqual(['test-only-p256.pem', 'test-only-p256.sec1.pem']);
    expect(log.lines).toEqual([]);
  });

  it.each([
    ['EC keys alone', ['test-only-p256.pem'], /an RSA key is needed beside/],
    ['a key of another kind', ['test-only-2048.rsa', 'test-only-ed25519.pem'], /RSA is needed, or EC on P-256/],
  ])('are refused: %s', async (_name, names, message) => {
    const made = createKeyFileSigningKeys({ clock, log: aLog() }, { files: names.map(keyFixture) });
    await expect(made).rejects.toMatchObject({
      code: 'SIGNING_KEY_INVALID',
      message: expect.stringMatching(message) as string,
    });
  });

  it('sign nothing once none of them is RSA any more', async () => {
    const file = join(folder, 'mine.pem');
    await copyFile(keyFixture('test-only-2048.rsa'), file);
    const keys = await createKeyFileSigningKeys({ clock, log: aLog() }, { files: [file] });
    expect(await keys.ofImageForWriting(image)).toHaveLength(1);
    await copyFile(keyFixture('test-only-p256.pem'), file);
    await utimes(file, 1, 1);
    clock.pass(1000);
    await expect(keys.ofImageForWriting(image)).rejects.toMatchObject({ code: 'SIGNING_KEY_INVALID' });
  });

  it('are refused where one is missing, or two have one name', async () => {
    const missing = createKeyFileSigningKeys({ clock, log: aLog() }, { files: [join(folder, 'none.rsa')] });
    await expect(missing).rejects.toMatchObject({ code: 'SIGNING_KEY_INVALID' });
    await copyFile(keyFixture('test-only-4096.rsa'), join(folder, 'test-only-2048.rsa'));
    const files = [join(folder, 'test-only-2048.rsa'), keyFixture('test-only-2048.rsa')];
    await expect(createKeyFileSigningKeys({ clock, log: aLog() }, { files })).rejects.toMatchObject({
      code: 'SIGNING_KEY_INVALID',
    });
  });

  it('are read again when they change, and the last good one signs on when the new one is broken', async () => {
    const file = join(folder, 'mine.rsa');
    await copyFile(keyFixture('test-only-2048.rsa'), file);
    const log = aLog();
    const keys = await createKeyFileSigningKeys({ clock, log }, { files: [file] });
    const pem = async () => publicPemOf((await keys.ofImage(image))[0]!);
    const first = await pem();

    await copyFile(keyFixture('test-only-untrusted.rsa'), file);
    await utimes(file, 1, 1);
    expect(await pem()).toBe(first);
    clock.pass(1000);
    const second = await pem();
    expect(second).not.toBe(first);

    await writeFile(file, 'half a key');
    clock.pass(1000);
    expect(await pem()).toBe(second);
    expect(log.lines.map(({ level }) => level)).toEqual(['info', 'error']);
  });
});

describe('the key of an embedded store', () => {
  it('is made once, readable to its owner alone, by however many ask at once', async () => {
    const made = ['test-only-2048.rsa', 'test-only-untrusted.rsa', 'test-only-4096.rsa'];
    const directory = join(folder, 'data');
    const all = await Promise.all(
      made.map((name) => {
        const makeKey = () => Promise.resolve(aPrivateKey(name));
        return createDirectorySigningKeys({ log: aLog(), makeKey }, { directory }).ofImage(image);
      }),
    );
    expect(new Set(all.map(([key]) => key!.fileName)).size).toBe(1);
    expect(all[0]![0]!.fileName).toMatch(/^lkard-[0-9a-f]{8}\.rsa\.pub$/);
    expect((await stat(join(directory, directoryKeyFile))).mode & 0o777).toBe(0o600);
  });

  it('is found again by the next process', async () => {
    await copyFile(keyFixture('test-only-2048.rsa'), join(folder, directoryKeyFile));
    const makeKey = () => Promise.reject(new Error('none is to be made'));
    const [key] = await createDirectorySigningKeys({ log: aLog(), makeKey }, { directory: folder }).ofImage(image);
    expect(key?.fileName).toBe('lkard-b265d329.rsa.pub');
  });

  it('is never replaced where the file is damaged', async () => {
    await writeFile(join(folder, directoryKeyFile), 'half a key');
    const keys = createDirectorySigningKeys({ log: aLog() }, { directory: folder });
    await expect(keys.ofImageForWriting(image)).rejects.toMatchObject({ code: 'SIGNING_KEY_INVALID' });
  });
});
