import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readTls, watchTls } from '../../../src/gateway/tls-files.ts';
import { aLog } from '../../support/signing-keys.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tls-files-'));
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true });
});

it('a certificate that changed is put in place, a missing one is not', async () => {
  const files = { certFile: join(folder, 'cert'), keyFile: join(folder, 'key') };
  await writeFile(files.certFile, 'one');
  await writeFile(files.keyFile, 'key');
  expect(await readTls(files)).toEqual({ certificate: 'one', key: 'key' });

  const renewed: string[] = [];
  const log = aLog();
  const unwatch = watchTls(files, ({ certificate }) => renewed.push(certificate), log);
  await vi.advanceTimersByTimeAsync(10_000);
  await writeFile(files.certFile, 'a second one');
  await vi.waitFor(
    async () => {
      await vi.advanceTimersByTimeAsync(10_000);
      expect(renewed).toEqual(['a second one']);
    },
    { timeout: 20_000 },
  );

  await rm(files.keyFile);
  await vi.waitFor(async () => {
    await vi.advanceTimersByTimeAsync(10_000);
    expect(log.lines.map(({ level }) => level)).toEqual(['info', 'error']);
  });
  expect(renewed).toHaveLength(1);
  unwatch();
});

it('a certificate that is not there is refused by the name of its flag', async () => {
  const files = { certFile: join(folder, 'none'), keyFile: join(folder, 'none') };
  await expect(readTls(files)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('--tls-cert') as string,
  });
});
