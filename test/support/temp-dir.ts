import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** An empty folder of one's own, whose path begins so, and how to be rid of it. */
export async function makeTempDir(
  prefix = path.join(tmpdir(), 'lkard-test-'),
): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(prefix);
  return { path: folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }) };
}
