import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { checkTempFolder } from '../../../src/files/temp-folder.ts';
import { aLog } from '../../support/signing-keys.ts';

it('a folder for temporary files without room for the largest package is warned about', async () => {
  const log = aLog();
  await checkTempFolder(tmpdir(), Number.MAX_SAFE_INTEGER, log);
  expect(log.lines.map(({ level }) => level)).toContain('warn');
});

it('a folder for temporary files that is not there is refused', async () => {
  await expect(checkTempFolder('/no/such/folder', 1, aLog())).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});
