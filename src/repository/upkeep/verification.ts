import { finished } from 'node:stream/promises';
import { isGatewayError } from '../../errors.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import { readAllKept, withdrawnTags } from '../keeping/kept-packages.ts';
import { shownTags, type Look } from '../live/look.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { parsePackageManifest, type PackageRecord } from '../artifacts/package-manifest.ts';
import { buriedBy, peekTag } from '../artifacts/package-tag.ts';
import type { Finding, Verified } from '../service/upkeep.ts';

/** Blobs that are read at a time; each within constant memory. */
const concurrency = 4;

/**
 * Compares what a look has shown with what is stored: each index with the live set, each package's manifest with its record,
 * each package file with its digest, read to its end, those of withdrawn packages too.
 */
export async function verifyLook(
  image: ImageStore,
  seen: Look,
  onFinding: (finding: Finding) => void,
  options: CallOptions = {},
): Promise<Verified> {
  const there = seen.architectures.filter((one) => seen.stored.has(one) || seen.target(one).files.length > 0);
  for (const finding of indexFindings(seen)) onFinding(finding);
  for (const finding of foreignFindings(seen)) onFinding(finding);
  const live = liveTags(seen);
  await inParallel([...live], concurrency * 2, async ([tag, pkg]) => {
    const fault = await manifestFault(image, tag, pkg, options);
    if (fault !== undefined) onFinding(fault);
  });
  const withdrawn = await readAllKept(image, withdrawnTags(seen.live.kept), options);
  const blobs = new Map([...withdrawn.map(({ pkg }) => pkg), ...live.values()].map((pkg) => [pkg.digest, pkg]));
  let bytes = 0;
  await inParallel([...blobs.values()], concurrency, async (pkg) => {
    const fault = await blobFault(image, pkg, options);
    if (fault === undefined) bytes += pkg.entry.fileSize;
    else onFinding(fault);
  });
  return { architectures: there.length, packages: blobs.size, bytes };
}

function liveTags(seen: Look): ReadonlyMap<string, PackageRecord> {
  const live = new Map(seen.live.unlisted);
  for (const architecture of seen.architectures) {
    for (const { pkg, tags } of seen.target(architecture).files) for (const tag of tags) live.set(tag, pkg);
  }
  return live;
}

/** What is wrong with the indexes that a look has read: all that putting covering ones mends. */
export function indexFindings(seen: Look): readonly Finding[] {
  return seen.architectures.flatMap((architecture) => findingsOfOne(seen, architecture));
}

function findingsOfOne(seen: Look, architecture: string): readonly Finding[] {
  const stored = seen.stored.get(architecture);
  if (stored === undefined) {
    const isNeeded = seen.target(architecture).files.some(({ pkg }) => pkg.architecture === architecture);
    return isNeeded ? [finding('index', architecture, 'there are packages and no index', true)] : [];
  }
  if (stored.content === undefined && !seen.isCovered(architecture)) {
    return [finding('index', architecture, 'the index is damaged, or none of these keys signed it', true)];
  }
  return [...seen.target(architecture).changes].map(([fileName, file]) =>
    file === undefined
      ? finding('surplus', architecture, `the index lists ${fileName}, which is gone`, true)
      : finding('missing', architecture, `the index doesn't list ${fileName} as it is`, true),
  );
}

/** Tags that are named like packages of these groups and hold none. */
function foreignFindings(seen: Look): readonly Finding[] {
  const buried = new Set(shownTags(seen, ['tombstone']).map(buriedBy));
  const foreign = shownTags(seen, ['package']).filter((tag) => !seen.live.has(tag) && !buried.has(tag));
  return seen.architectures.flatMap((architecture) =>
    foreign
      .filter((tag) => peekTag(tag)?.groupHash === seen.groups.get(architecture))
      .map((tag) => finding('manifest', architecture, `${tag} is listed and holds no package`, false)),
  );
}

async function manifestFault(
  image: ImageStore,
  tag: string,
  pkg: PackageRecord,
  options: CallOptions,
): Promise<Finding | undefined> {
  const { architecture, fileName } = pkg;
  try {
    const manifest = await image.fetchManifest(tag, options);
    if (manifest === undefined) {
      return finding('manifest', architecture, `the manifest of ${fileName} is gone (${tag})`, false);
    }
    const found = parsePackageManifest(tag, manifest.bytes)?.pkg;
    if (found?.digest === pkg.digest && found.entry.identity === pkg.entry.identity) return undefined;
  } catch (error) {
    if (!isGatewayError(error, 'DIGEST_MISMATCH', 'STORE_ANSWER_INVALID', 'SIZE_EXCEEDED')) throw error;
  }
  return finding('manifest', architecture, `the manifest of ${fileName} is damaged (${tag})`, false);
}

async function blobFault(
  image: ImageStore,
  { architecture, fileName, digest, entry }: PackageRecord,
  options: CallOptions,
): Promise<Finding | undefined> {
  const blob = { digest, size: entry.fileSize };
  try {
    const opened = await image.openBlob(blob, options);
    if (opened === undefined) {
      return finding('blob', architecture, `${fileName} is gone (${digest}): push it again`, false);
    }
    await finished(opened.stream.resume());
    return undefined;
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    const isOther = error.code === 'DIGEST_MISMATCH';
    if (!isOther && (error.details['isCutOff'] !== true || (await image.isReadable(blob, options)))) throw error;
    const what = isOther ? `has other bytes than ${digest}` : `can't be read to its end (${digest}): push it again`;
    return finding('blob', architecture, `${fileName} ${what}`, false);
  }
}

function finding(kind: Finding['kind'], architecture: string, message: string, isMendable: boolean): Finding {
  return { kind, architecture, message, isMendable };
}
