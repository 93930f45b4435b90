import type { Readable } from 'node:stream';
import { GatewayError, isGatewayError } from '../../../errors.ts';
import { finishAhead, sendAhead, type SentAhead } from './ahead-upload.ts';
import { hasBlob } from './registry-blobs.ts';
import {
  hasFault,
  isTransientFault,
  readOnlyFault,
  refusalFault,
  type RequestSubject,
} from '../transport/registry-fault.ts';
import type { RegistryAnswer } from '../transport/registry-request.ts';
import type { RegistrySession } from './registry-session.ts';
import type { BlobDescriptor, BlobSource, BlobUpload, CallOptions, UploadOptions } from '../../store.ts';
import {
  cancelUpload,
  closing,
  continuing,
  nextStep,
  openUpload,
  pushSubject,
  type UploadSession,
} from './upload-session.ts';

/** Nobody waits longer to give back what an upkeep finds anyway. */
const cancelMs = 2_000;

/** ImageStore.startUpload at a registry: opens a session, which asks for the right to push. */
export async function startUpload(session: RegistrySession, options: CallOptions = {}): Promise<BlobUpload> {
  let upload: UploadSession | undefined = await session.during(options, openUpload);
  let sent: SentAhead | undefined;
  const takeOver = () => {
    const taken = { first: upload, ahead: sent };
    [upload, sent] = [undefined, undefined];
    return taken;
  };
  return {
    ahead: (size, sending = {}) => {
      const { first } = takeOver();
      if (first === undefined) return () => Promise.resolve();
      sent = sendAhead(session, first, size, sending);
      return sent.write;
    },
    finish: async (source, finishing = {}) => {
      const { first, ahead } = takeOver();
      await session.during(finishing, async (call) => {
        if (ahead === undefined || !(await finishAhead(call, ahead, source)))
          await uploadBlob(call, first, source, finishing);
      });
    },
    cancel: async () => {
      const { first, ahead } = takeOver();
      ahead?.abandon();
      const abandoned = first ?? (await ahead?.next) ?? ahead?.first;
      if (abandoned === undefined) return;
      await session.during({ patienceMs: cancelMs }, (call) => cancelUpload(call, abandoned)).catch(() => undefined);
    },
  };
}

/**
 * Uploads a blob: one PUT into `first`, else into a session of its own (distribution-spec, Pushing a blob monolithically). An
 * upload that broke is begun again from its session on, unless the blob turns out to be there.
 */
export async function uploadBlob(
  session: RegistrySession,
  first: UploadSession | undefined,
  source: BlobSource,
  { isAnew = false }: UploadOptions,
): Promise<void> {
  let upload = first;
  for (let attempt = 1; ; attempt += 1) {
    try {
      upload ??= await openUpload(session);
      await putWhole(session, upload, source);
      return;
    } catch (error) {
      if (!isGatewayError(error, 'STORE_UNAVAILABLE') || !isTransientFault(error)) throw error;
      upload = undefined;
      await session.pause(attempt, error);
      // GHCR forgets a session whose answer was lost, and has the blob.
      if (!isAnew && (await hasBlob(session, source.digest))) return;
    }
  }
}

/**
 * ImageStore.mountBlob at a registry (distribution-spec, Mounting a blob from another repository). One that won't opens an upload
 * session in place of it, which is given back.
 */
export async function mountBlob(session: RegistrySession, { digest }: BlobDescriptor, from: string): Promise<boolean> {
  const subject = { what: `a blob of ${from} in ${session.image}`, right: 'push', reads: from } as const;
  const url = session.url('blobs/uploads/');
  url.search = new URLSearchParams({ mount: digest, from }).toString();
  const answer = await session.send({ method: 'POST', operation: 'upload', url, subject });
  if (answer.status === 201) return true;
  if (answer.status === 405) throw readOnlyFault(answer, subject);
  // Some have no such way of uploading, and say so of its parameters.
  if (answer.status === 404 || answer.status === 400) return false;
  if (answer.status >= 300) throw refusalFault(answer, subject);
  const upload = nextStep(url, answer, undefined);
  await cancelUpload(session, upload).catch(() => undefined);
  return false;
}

async function putWhole(session: RegistrySession, upload: UploadSession, source: BlobSource): Promise<void> {
  const subject = pushSubject(session);
  const answer = await session.send({
    ...closing(session, upload, source),
    body: { size: source.size, open: () => source.open() },
    isRestartable: false,
    subject,
  });
  if (answer.status < 300) return;
  if (answer.status === 413) {
    await putChunks(session, await openUpload(session), source);
    return;
  }
  throw uploadFault(answer, subject, source);
}

// For a registry, or a proxy before it, that limits a request's body (distribution-spec, Pushing a blob in chunks).
async function putChunks(session: RegistrySession, first: UploadSession, source: BlobSource): Promise<void> {
  const subject = pushSubject(session);
  let upload = first;
  let sent = 0;
  for await (const chunk of inChunks(source.open(), first.chunkBytes)) {
    const answer = await session.send({
      ...continuing(upload, sent, chunk.length),
      body: { size: chunk.length, open: () => chunk },
      isRestartable: false,
      subject,
    });
    if (answer.status >= 300) throw uploadFault(answer, subject, source);
    sent += chunk.length;
    upload = nextStep(upload.url, answer, upload);
  }
  const answer = await session.send({ ...closing(session, upload, source), isRestartable: false, subject });
  if (answer.status >= 300) throw uploadFault(answer, subject, source);
}

// A session that the registry lost is begun again, like a broken connection.
function uploadFault(answer: RegistryAnswer, subject: RequestSubject, source: BlobSource): GatewayError {
  const { digest, size } = source;
  const isLost = answer.status === 404 || answer.status === 416 || hasFault(answer, 'BLOB_UPLOAD_UNKNOWN');
  if (isLost) {
    return new GatewayError('STORE_UNAVAILABLE', `${answer.url.host} lost an upload`, { details: { digest } });
  }
  if (hasFault(answer, 'DIGEST_INVALID', 'SIZE_INVALID')) {
    return new GatewayError('DIGEST_MISMATCH', `the registry read other content than ${digest}`, {
      details: { digest },
    });
  }
  if (answer.status === 413) {
    return new GatewayError('SIZE_EXCEEDED', `the registry takes no blob of ${size} bytes`, {
      details: { digest, size },
    });
  }
  return refusalFault(answer, subject);
}

async function* inChunks(content: Readable | Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for await (const piece of content instanceof Uint8Array ? [content] : (content as AsyncIterable<Uint8Array>)) {
    for (let rest = piece; rest.length > 0;) {
      const taken = rest.subarray(0, chunkBytes - size);
      rest = rest.subarray(taken.length);
      parts.push(taken);
      size += taken.length;
      if (size < chunkBytes) continue;
      yield Buffer.concat(parts);
      parts = [];
      size = 0;
    }
  }
  if (size > 0) yield Buffer.concat(parts);
}
