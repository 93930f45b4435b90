import { link, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { GatewayError } from '../../errors.ts';
import { isErrno } from '../../files/errno.ts';
import { digestOfHex, hexOf, isDigest } from '../../oci/digest.ts';
import { parseManifest } from '../../oci/manifest.ts';
import { diskFault, unlessAbsent } from './directory-fault.ts';
import { imagesIn } from './directory-images.ts';

/** One file that nothing needs. */
export interface Garbage {
  readonly kind: 'manifest' | 'blob' | 'upload';
  /** Undefined for an upload. */
  readonly image: string | undefined;
  /** A digest, or an upload's file name. */
  readonly name: string;
  readonly bytes: number;
}

export interface GarbageOptions {
  /** The folder of a directory store. */
  readonly directory: string;
  /** What was made or used within this time stays, in milliseconds. */
  readonly olderThanMs: number;
  /** Only says what would be removed. Default: false. */
  readonly isDryRun?: boolean | undefined;
}

/** An upload that moves is never this old, in milliseconds, whatever else is asked for. */
const minUploadAgeMs = 60_000;
/** The ending of a file that is being removed. */
const goneSuffix = '.gone';
const hexName = /^[0-9a-f]{64}$/;

/**
 * Removes from a directory store what nothing names: manifests without a tag (those of replaced indexes and deleted packages),
 * blobs that no manifest names, and what died uploads left. Safe beside gateways that write, at any age: what they put or use
 * again meanwhile stays (see image-folder.ts). Throws STORE_ANSWER_INVALID where a file that it must understand is damaged,
 * and then removes nothing more.
 */
export async function collectGarbage(
  deps: { readonly now: () => number },
  options: GarbageOptions,
  onRemoved: (garbage: Garbage) => void,
): Promise<void> {
  const { directory, olderThanMs, isDryRun = false } = options;
  const beganMs = deps.now();
  const cutoffMs = beganMs - olderThanMs;
  try {
    for await (const { image, folder } of imagesIn(path.join(directory, 'images'))) {
      const report = (kind: 'manifest' | 'blob') => (hex: string, bytes: number) => {
        onRemoved({ kind, image, name: digestOfHex(hex), bytes });
      };
      await collectImage(folder, { cutoffMs, isDryRun }, report('manifest'), report('blob'));
    }
    const uploads = await oldFiles(path.join(directory, 'uploads'), Math.min(cutoffMs, beganMs - minUploadAgeMs));
    for (const { file, bytes } of uploads) {
      if (!isDryRun) await rm(file, { force: true });
      onRemoved({ kind: 'upload', image: undefined, name: path.basename(file), bytes });
    }
  } catch (error) {
    throw diskFault(error);
  }
}

interface Collecting {
  readonly cutoffMs: number;
  readonly isDryRun: boolean;
}

type Report = (hex: string, bytes: number) => void;

/** The order is what makes it safe: old files are noted first, then the tags are read, then the manifests that stay. */
async function collectImage(folder: string, collecting: Collecting, onManifest: Report, onBlob: Report): Promise<void> {
  const [manifestFolder, blobFolder] = [path.join(folder, '_manifests'), path.join(folder, '_blobs')];
  if (!collecting.isDryRun) await Promise.all([putBack(manifestFolder), putBack(blobFolder)]);
  const oldManifests = await oldFiles(manifestFolder, collecting.cutoffMs);
  const oldBlobs = await oldFiles(blobFolder, collecting.cutoffMs);
  const tagged = await taggedIn(path.join(folder, '_tags'));
  const removed = await removeAll(oldManifests, tagged, collecting, onManifest);
  const named = await namedBy(manifestFolder, removed);
  await removeAll(oldBlobs, named, collecting, onBlob);
}

interface OldFile {
  readonly file: string;
  readonly bytes: number;
}

async function removeAll(files: readonly OldFile[], kept: ReadonlySet<string>, collecting: Collecting, report: Report) {
  const removed = new Set<string>();
  for (const { file, bytes } of files) {
    const hex = path.basename(file);
    if (!hexName.test(hex) || kept.has(hex)) continue;
    if (!collecting.isDryRun && !(await removeUnlessTouched(file, collecting.cutoffMs))) continue;
    removed.add(hex);
    report(hex, bytes);
  }
  return removed;
}

/** Aside first: between a look at its time and its removal somebody could use it again. */
async function removeUnlessTouched(file: string, cutoffMs: number): Promise<boolean> {
  const gone = file + goneSuffix;
  if ((await unlessAbsent(rename(file, gone).then(() => true))) === undefined) return false;
  const found = await unlessAbsent(stat(gone));
  const isTouched = found !== undefined && found.mtimeMs >= cutoffMs;
  if (isTouched) await linkBack(gone, file);
  await rm(gone, { force: true });
  return found !== undefined && !isTouched;
}

/** A collection that died may have left something aside that was in use. */
async function putBack(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (!name.endsWith(goneSuffix)) continue;
    const gone = path.join(folder, name);
    await linkBack(gone, gone.slice(0, -goneSuffix.length));
    await rm(gone, { force: true });
  }
}

async function linkBack(gone: string, file: string): Promise<void> {
  try {
    await unlessAbsent(link(gone, file));
  } catch (error) {
    // Whoever found it missing put it again.
    if (!(error instanceof GatewayError && isErrno(error.cause, 'EEXIST'))) throw error;
  }
}

async function taggedIn(folder: string): Promise<ReadonlySet<string>> {
  const tagged = new Set<string>();
  for (const tag of await namesIn(folder)) {
    const text = await unlessAbsent(readFile(path.join(folder, tag), 'utf8'));
    if (text === undefined) continue;
    if (!isDigest(text)) throw damaged(path.join(folder, tag));
    tagged.add(hexOf(text));
  }
  return tagged;
}

async function namedBy(folder: string, removed: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const named = new Set<string>();
  for (const hex of await namesIn(folder)) {
    if (!hexName.test(hex) || removed.has(hex)) continue;
    const bytes = await unlessAbsent(readFile(path.join(folder, hex)));
    if (bytes === undefined) continue;
    for (const digest of blobsOf(bytes, path.join(folder, hex))) named.add(hexOf(digest));
  }
  return named;
}

function blobsOf(manifest: Uint8Array, file: string) {
  try {
    const { config, layers } = parseManifest(manifest);
    return [config, ...layers].map(({ digest }) => digest);
  } catch (cause) {
    throw damaged(file, cause);
  }
}

async function oldFiles(folder: string, cutoffMs: number): Promise<readonly OldFile[]> {
  const old: OldFile[] = [];
  for (const name of await namesIn(folder)) {
    const file = path.join(folder, name);
    const found = await unlessAbsent(stat(file));
    if (found !== undefined && found.mtimeMs < cutoffMs) old.push({ file, bytes: found.size });
  }
  return old;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await unlessAbsent(readdir(folder))) ?? [];
}

function damaged(file: string, cause?: unknown): GatewayError {
  const message = `${file} is damaged, so nothing tells what it needs`;
  return new GatewayError('STORE_ANSWER_INVALID', message, { cause });
}
