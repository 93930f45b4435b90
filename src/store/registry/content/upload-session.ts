import { GatewayError } from '../../../errors.ts';
import { resolveLocation } from '../transport/redirect.ts';
import { readOnlyFault, refusalFault, type RequestSubject } from '../transport/registry-fault.ts';
import { headerOf, type RegistryAnswer } from '../transport/registry-request.ts';
import type { BlobSource } from '../../store.ts';
import type { RegistrySession } from './registry-session.ts';

/** Where the next request of an upload session goes, and the least that it takes in one piece. */
export interface UploadSession {
  readonly url: URL;
  readonly chunkBytes: number;
}

// GHCR takes no larger pieces; who wants larger ones says so.
const defaultChunkBytes = 4 * 1024 * 1024;
const maxChunkBytes = 64 * 1024 * 1024;

/** Opens a session, which asks for the right to push. */
export async function openUpload(session: RegistrySession): Promise<UploadSession> {
  const subject = pushSubject(session);
  const url = session.url('blobs/uploads/');
  const answer = await session.send({ method: 'POST', operation: 'upload', url, subject });
  if (answer.status >= 300)
    throw answer.status === 405 ? readOnlyFault(answer, subject) : refusalFault(answer, subject);
  return nextStep(url, answer, undefined);
}

/** The request that sends so many bytes into a session, from that place on. */
export function continuing(upload: UploadSession, from: number, size: number) {
  const headers = {
    'content-type': 'application/octet-stream',
    'content-range': `${from}-${from + size - 1}`,
  };
  return { method: 'PATCH', operation: 'upload', url: upload.url, headers } as const;
}

/** The request that ends a session: its content is to be that blob. */
export function closing(session: RegistrySession, upload: UploadSession, source: BlobSource) {
  const url = new URL(upload.url);
  // The session's own query must come back as it was sent, byte for byte: distribution signs it.
  url.search += `${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(source.digest)}`;
  const headers = { 'content-type': 'application/octet-stream' };
  return { method: 'PUT', operation: 'upload', url, headers, answerMs: session.client.timeouts.commitMs } as const;
}

/** Gives a session back. */
export async function cancelUpload(session: RegistrySession, upload: UploadSession): Promise<void> {
  const subject = pushSubject(session);
  const request = { method: 'DELETE', operation: 'upload', url: upload.url, subject, isRestartable: false } as const;
  await session.send(request);
}

/** Where a session goes on, as its last answer says; `previous` is where that request went, undefined for the first. */
export function nextStep(base: URL, answer: RegistryAnswer, previous: UploadSession | undefined): UploadSession {
  const location = headerOf(answer, 'location');
  if (location === undefined && previous === undefined) {
    throw new GatewayError('STORE_ANSWER_INVALID', `${base.host} opens an upload without saying where`);
  }
  const least = Number(headerOf(answer, 'oci-chunk-min-length') ?? NaN);
  const chunkBytes = previous?.chunkBytes ?? (least > 0 ? Math.min(least, maxChunkBytes) : defaultChunkBytes);
  return { url: location === undefined ? (previous?.url ?? base) : resolveLocation(base, location), chunkBytes };
}

/** What a request of an upload is about. */
export function pushSubject(session: RegistrySession): RequestSubject {
  return { what: `an upload to ${session.image}`, right: 'push' };
}
