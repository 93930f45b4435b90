import { pipeline, type Readable } from 'node:stream';
import { GatewayError } from '../../../errors.ts';
import { isDigest, type Digest } from '../../../oci/digest.ts';
import { redirectLocation, resolveLocation } from '../transport/redirect.ts';
import { cutOffFault, refusalFault, type RequestSubject } from '../transport/registry-fault.ts';
import { headerOf, type RegistryAnswer } from '../transport/registry-request.ts';
import { untilIntact } from '../transport/damaged-answers.ts';
import { isProvenAbsent } from './registry-absence.ts';
import type { RegistrySession } from './registry-session.ts';
import type { BlobDescriptor, ByteRange, OpenBlob } from '../../store.ts';
import { cutBlob, verifyBlob } from '../../verified-stream.ts';

// A content coding would make other bytes of it.
const headers = { 'accept-encoding': 'identity' };

/** ImageStore.hasBlob at a registry: a HEAD, and a GET that is never read where the registry has no HEAD. */
export async function hasBlob(session: RegistrySession, digest: Digest): Promise<boolean> {
  const subject = blobSubject(digest);
  const url = blobUrl(session, digest);
  const request = { operation: 'blob', url, subject } as const;
  let answer: RegistryAnswer = await session.send({ ...request, method: 'HEAD' });
  if (answer.status === 405 || answer.status === 501) {
    const got = await session.open({ ...request, method: 'GET', headers });
    got.stream.destroy();
    answer = got;
  }
  if (answer.status === 404) return false;
  if (answer.status !== 200) throw refusalFault(answer, subject);
  return true;
}

/** ImageStore.openBlob at a registry: streamed through, with back-pressure down to the registry's socket. */
export function openBlob(
  session: RegistrySession,
  blob: BlobDescriptor,
  range?: ByteRange,
): Promise<OpenBlob | undefined> {
  return untilIntact(session, () => openOnce(session, blob, range));
}

async function openOnce(
  session: RegistrySession,
  blob: BlobDescriptor,
  range: ByteRange | undefined,
): Promise<OpenBlob | undefined> {
  const subject = blobSubject(blob.digest);
  const url = blobUrl(session, blob.digest);
  const rangeHeader = range && { range: `bytes=${range.start}-${range.end}` };
  const request = {
    method: 'GET',
    operation: 'blob',
    url,
    headers: { ...headers, ...rangeHeader },
    subject,
  } as const;
  const { stream, ...answer } = await session.open(request);
  if (isProvenAbsent(session, answer)) return undefined;
  if (answer.status !== 200 && answer.status !== 206) throw refusalFault(answer, subject);
  session.sight.note();
  const failed = (error: unknown) => cutOffFault(error, { url: answer.url, patience: session });
  try {
    if (range !== undefined) return openRange(stream, answer, range, failed);
    refuseOtherLength(answer, blob);
    return { stream: verified(stream, blob, failed), size: blob.size };
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

/** ImageStore.locateBlob at a registry: one request that is never read. */
export async function locateBlob(session: RegistrySession, { digest }: BlobDescriptor): Promise<URL | undefined> {
  const subject = blobSubject(digest);
  const url = blobUrl(session, digest);
  const request = { method: 'GET', operation: 'blob', url, headers, subject, followsRedirects: false } as const;
  const { stream, ...answer } = await session.open(request);
  stream.destroy();
  if (answer.status >= 400 && answer.status !== 404) throw refusalFault(answer, subject);
  const location = redirectLocation(answer);
  if (location === undefined) return undefined;
  const target = resolveLocation(url, location);
  // At the registry itself a client would have to prove itself again.
  return target.origin === url.origin ? undefined : target;
}

// Some registries ignore Range and send the whole.
function openRange(
  stream: Readable,
  answer: RegistryAnswer,
  range: ByteRange,
  failed: (error: unknown) => GatewayError,
): OpenBlob {
  const size = range.end - range.start + 1;
  const isPart = answer.status === 206;
  if (isPart && !headerOf(answer, 'content-range')?.startsWith(`bytes ${range.start}-${range.end}/`)) {
    throw new GatewayError('STORE_ANSWER_INVALID', `${answer.url.host} answers with another range than asked for`);
  }
  return { stream: cutBlob(stream, isPart ? 0 : range.start, size, failed), size };
}

function verified(stream: Readable, blob: BlobDescriptor, failed: (error: unknown) => GatewayError): Readable {
  const verifier = verifyBlob(blob);
  stream.once('error', (error) => {
    verifier.destroy(failed(error));
  });
  return pipeline(stream, verifier, () => {
    // Whoever reads the verifier is told by it.
  });
}

function refuseOtherLength(answer: RegistryAnswer, { digest, size }: BlobDescriptor): void {
  const length = headerOf(answer, 'content-length');
  if (answer.status === 200 && (length === undefined || Number(length) === size)) return;
  throw new GatewayError(
    'DIGEST_MISMATCH',
    `the store has ${length ?? 'a part'} bytes for ${digest}, expected ${size}`,
    {
      details: { digest, size },
    },
  );
}

function blobUrl(session: RegistrySession, digest: Digest): URL {
  if (!isDigest(digest)) throw new TypeError(`not a digest: ${JSON.stringify(digest)}`);
  return session.url(`blobs/${digest}`);
}

function blobSubject(digest: Digest): RequestSubject {
  return { what: `the blob ${digest}`, right: 'pull' };
}
