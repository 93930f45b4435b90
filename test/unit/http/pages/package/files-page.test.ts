import { expect, it } from 'vitest';
import type { InstalledFile } from '../../../../../src/apk/package/package-contents.ts';
import { readAssets } from '../../../../../src/http/pages/frame/assets.ts';
import { renderFilesPage } from '../../../../../src/http/pages/package/files-page.tsx';
import type { ListedPackage } from '../../../../../src/repository/service/catalog.ts';

const page = { prefix: '', root: 'http://h', host: 'h', assets: readAssets(), user: undefined };
const frame = { ...page, canLogIn: true, here: '/', now: new Date() };
const pkg = { entry: { name: 'demo', version: '1.0-r0' } } as ListedPackage;

it('a list of files ends when its reader leaves, however many there are', async () => {
  const leaving = new AbortController();
  let read = 0;
  const files = async function* (): AsyncGenerator<InstalledFile> {
    await Promise.resolve();
    for (; ; read += 1) yield { path: `usr/${read}`, kind: 'file', size: 1, mode: 0o644 };
  };
  const pieces = renderFilesPage({ frame, crumbs: [], pkg }, files(), leaving.signal);
  setImmediate(() => {
    leaving.abort();
  });
  await expect(async () => {
    for await (const piece of pieces) expect(piece).not.toContain('The first');
  }).rejects.toMatchObject({ name: 'AbortError' });
  expect(read).toBeLessThan(10_000);
});
