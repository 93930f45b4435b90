import { readAnyPackage, type AnyPackageSummary } from '../../apk/any-package.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { GatewayError } from '../../errors.ts';
import type { ImageStore } from '../../store/store.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import { bytesGone } from '../publishing/refusals.ts';
import type { Work } from '../pushing/work.ts';

/** Packages of one promotion at a time. */
const concurrency = 4;

/**
 * Makes the bytes of packages in one image part of another too, where it is another. Throws PACKAGE_UNKNOWN where they are lost,
 * MOUNT_UNSUPPORTED where the registry won't.
 */
export async function mountPackages(work: Work, from: ImageStore, packages: readonly PackageRecord[]): Promise<void> {
  if (work.image.image === from.image) return;
  await inParallel(packages, concurrency, async (pkg) => {
    await mountPackage(work, from, pkg);
    work.time.renew();
  });
}

/** The same of one package that the image was to have, and has lost. */
export async function mountAgain(work: Work, from: ImageStore, pkg: PackageRecord): Promise<void> {
  if (work.image.image === from.image) throw bytesGone(pkg.fileName);
  await mountPackage(work, from, pkg);
}

async function mountPackage({ image, time }: Work, from: ImageStore, pkg: PackageRecord): Promise<void> {
  const blob = { digest: pkg.digest, size: pkg.entry.fileSize };
  if (await image.mountBlob(blob, from.image, time.call())) return;
  if (await image.hasBlob(blob.digest, { size: blob.size, ...time.call() })) return;
  if (!(await from.isReadable(blob, time.call()))) throw bytesGone(pkg.fileName);
  const message =
    `the registry doesn't mount blobs of ${from.image} in ${image.image}, so nothing was promoted: ` +
    'promote within one image, or pull the packages and push them';
  throw new GatewayError('MOUNT_UNSUPPORTED', message, { details: { file: pkg.fileName } });
}

/** Reads packages whole, for what their own signatures say. Throws PACKAGE_MALFORMED where one isn't what its record says. */
export async function readPackages(
  { time }: Work,
  from: ImageStore,
  packages: readonly PackageRecord[],
): Promise<readonly AnyPackageSummary[]> {
  const summaries: AnyPackageSummary[] = [];
  for (const { digest, entry, fileName } of packages) {
    const opened = await from.openBlob({ digest, size: entry.fileSize }, { signal: time.signal });
    if (opened === undefined) throw bytesGone(fileName);
    const summary = await readAnyPackage(opened.stream as AsyncIterable<Uint8Array>);
    if (summary.identity !== entry.identity || summary.fileName !== fileName)
      throw new GatewayError('PACKAGE_MALFORMED', `${fileName} holds another package`, { details: { file: fileName } });
    summaries.push(summary);
    time.renew();
  }
  return summaries;
}
