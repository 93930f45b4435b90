import { GatewayError } from '../../../errors.ts';
import { digestOf, isDigest, type Digest } from '../../../oci/digest.ts';
import { isMediaType } from '../../../oci/descriptor.ts';
import { imageManifestType, maxManifestBytes } from '../../../oci/manifest.ts';
import { isTag } from '../../../oci/reference.ts';
import { untilIntact } from '../transport/damaged-answers.ts';
import { hasFault, readOnlyFault, refusalFault, type RequestSubject } from '../transport/registry-fault.ts';
import { headerOf, type RegistryAnswer } from '../transport/registry-request.ts';
import { isProvenAbsent } from './registry-absence.ts';
import type { RegistrySession } from './registry-session.ts';
import type { FetchedManifest, PushOptions, Resolved } from '../../store.ts';

// Without its type in Accept, distribution answers 404 for a manifest that is there.
const accept = [
  imageManifestType,
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

/**
 * ImageStore.resolve at a registry: a HEAD, and a GET where that doesn't tell enough: its 404 has no body, so it can't be told
 * from a front end's.
 */
export async function resolveManifest(session: RegistrySession, reference: string): Promise<Resolved | undefined> {
  const subject = pullSubject(reference);
  const url = manifestUrl(session, reference);
  const answer = await session.send({
    method: 'HEAD',
    operation: 'manifest',
    url,
    headers: { accept },
    subject,
  });
  if (![200, 404, 405, 501].includes(answer.status)) throw refusalFault(answer, subject);
  const digest = headerOf(answer, 'docker-content-digest');
  const size = Number(headerOf(answer, 'content-length') ?? NaN);
  if (answer.status === 200 && isDigest(digest) && Number.isSafeInteger(size) && size > 0) {
    refuseOtherDigest(reference, digest);
    session.sight.note();
    return { digest, mediaType: mediaTypeOf(answer), size };
  }
  const manifest = await fetchManifest(session, reference);
  return manifest && { digest: manifest.digest, mediaType: manifest.mediaType, size: manifest.bytes.length };
}

/** ImageStore.fetchManifest at a registry. */
export function fetchManifest(session: RegistrySession, reference: string): Promise<FetchedManifest | undefined> {
  return untilIntact(session, () => fetchOnce(session, reference));
}

async function fetchOnce(session: RegistrySession, reference: string): Promise<FetchedManifest | undefined> {
  const subject = pullSubject(reference);
  const url = manifestUrl(session, reference);
  const answer = await session.send(
    { method: 'GET', operation: 'manifest', url, headers: { accept }, subject },
    maxManifestBytes,
  );
  if (isProvenAbsent(session, answer)) return undefined;
  if (answer.status !== 200) throw refusalFault(answer, subject);
  const digest = digestOf(answer.bytes);
  refuseOtherDigest(reference, digest);
  refuseOtherDigest(headerOf(answer, 'docker-content-digest') ?? digest, digest);
  session.sight.note();
  return { digest, mediaType: mediaTypeOf(answer), bytes: answer.bytes };
}

/** ImageStore.pushManifest at a registry. */
export async function pushManifest(
  session: RegistrySession,
  tag: string,
  manifest: { readonly mediaType: string; readonly bytes: Uint8Array },
  { isOnce = false }: PushOptions = {},
): Promise<Digest> {
  if (!isTag(tag)) throw new TypeError(`not a tag: ${JSON.stringify(tag)}`);
  const { mediaType, bytes } = manifest;
  const digest = digestOf(bytes);
  const subject: RequestSubject = { what: `putting the tag ${tag} of ${session.image}`, right: 'push' };
  const answer = await session.send({
    method: 'PUT',
    operation: 'manifest',
    url: manifestUrl(session, tag),
    headers: { 'content-type': mediaType },
    body: { size: bytes.length, open: () => bytes },
    isRestartable: !isOnce,
    subject,
  });
  if (answer.status < 300) {
    session.sight.note();
    return digest;
  }
  if (!isImmutable(answer)) throw pushFault(answer, subject);
  // A retry of a put whose answer was lost, or the very same content again: what was wanted is there.
  if ((await resolveManifest(session, tag))?.digest === digest) return digest;
  throw new GatewayError('TAG_IMMUTABLE', `the registry forbids to replace the tag ${tag} of ${session.image}`, {
    details: { image: session.image, tag, status: answer.status },
  });
}

/** The URL of a manifest. A reference that is neither a tag nor a digest is the caller's mistake. */
export function manifestUrl(session: Pick<RegistrySession, 'url'>, reference: string): URL {
  if (!isTag(reference) && !isDigest(reference)) throw new TypeError(`not a reference: ${JSON.stringify(reference)}`);
  return session.url(`manifests/${reference}`);
}

/** Whether a refusal means that what the tag names may not be changed; each registry has its own way to say so. */
export function isImmutable(answer: RegistryAnswer): boolean {
  const { status, faults } = answer;
  if (status < 400 || status >= 500) return false;
  if (status === 412 || hasFault(answer, 'TAG_IMMUTABLE', 'PRECONDITION')) return true;
  if (status === 405 && hasFault(answer, 'REGISTRY_DISALLOWED_OPERATION')) return true;
  return faults.some(({ code, message }) =>
    /immutable|cannot be overwritten|failed.?precondition/i.test(code + message),
  );
}

function pushFault(answer: RegistryAnswer, subject: RequestSubject): GatewayError {
  // Distribution that is read-only has no such method; who refuses a document says why by a code.
  if (answer.status === 405 && answer.faults.every(({ code }) => code === '')) return readOnlyFault(answer, subject);
  if (hasFault(answer, 'BLOB_UNKNOWN', 'MANIFEST_BLOB_UNKNOWN')) {
    const details = { status: answer.status };
    return new GatewayError('BLOB_UNKNOWN', `the registry misses a blob for ${subject.what}`, { details });
  }
  // Distribution's policies refuse a class of documents with 403.
  const isClassRefused = answer.status === 403 && answer.faults.some(({ message }) => /manifest class/i.test(message));
  const isDocumentRefused = isClassRefused || [400, 405, 413, 415, 422].includes(answer.status);
  const fault = refusalFault(answer, subject);
  if (!isDocumentRefused || fault.code === 'STORE_READ_ONLY') return fault;
  const details = { ...fault.details, refused: true };
  return new GatewayError('STORE_ANSWER_INVALID', fault.message, { details });
}

function pullSubject(reference: string): RequestSubject {
  return { what: `the manifest ${reference}`, right: 'pull' };
}

// Only digests that can be checked are held against it.
function refuseOtherDigest(expected: string, digest: Digest): void {
  if (!isDigest(expected) || expected === digest) return;
  throw new GatewayError('DIGEST_MISMATCH', `the manifest ${expected} came with the digest ${digest}`, {
    details: { expected, digest },
  });
}

function mediaTypeOf(answer: RegistryAnswer): string {
  const mediaType = headerOf(answer, 'content-type')?.split(';', 1)[0]?.trim() ?? '';
  return isMediaType(mediaType) ? mediaType : 'application/octet-stream';
}
