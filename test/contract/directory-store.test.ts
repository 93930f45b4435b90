import path from 'node:path';
import { createDirectoryStore } from '../../src/store/directory-store.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { describeStore } from './store.ts';

describeStore('the directory store', async () => {
  const folder = await makeTempDir();
  const store = createDirectoryStore({ now: Date.now }, { directory: path.join(folder.path, 'made', 'by', 'it') });
  return { store, end: () => folder.remove() };
});
