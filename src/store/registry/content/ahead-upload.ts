import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { untilAborted } from '../../../concurrency/aborted.ts';
import type { BlobSource, CallOptions } from '../../store.ts';
import type { RegistrySession } from './registry-session.ts';
import { closing, continuing, nextStep, pushSubject, type UploadSession } from './upload-session.ts';

/** Content on its way into an upload session while it still comes. */
export interface SentAhead {
  readonly first: UploadSession;
  /** Where the session goes on, once the registry took all of the content; undefined where it didn't. */
  readonly next: Promise<UploadSession | undefined>;
  /** As what `BlobUpload.ahead` gives. */
  readonly write: (piece: Uint8Array) => Promise<void>;
  /** Whether no byte is missing. */
  readonly isWhole: () => boolean;
  /** Breaks off what is still under way. */
  readonly abandon: () => void;
}

/** What waits to be sent, at most. */
const waitingBytes = 512 * 1024;
/** No more is sent ahead once the registry takes nothing for so long: whoever writes has more to do than to wait for it. */
const stallMs = 10_000;

/** Sends so many bytes as they come, in one PATCH (distribution-spec, Pushing a blob in chunks). */
export function sendAhead(session: RegistrySession, first: UploadSession, size: number, call: CallOptions): SentAhead {
  const body = new PassThrough({ highWaterMark: waitingBytes });
  body.on('error', () => undefined);
  let left = size;
  const patch = async (sender: RegistrySession) => {
    const answer = await sender.send({
      ...continuing(first, 0, size),
      body: { size, open: () => body },
      isRestartable: false,
      subject: pushSubject(session),
    });
    return answer.status < 300 ? nextStep(first.url, answer, first) : undefined;
  };
  const abandon = () => void body.destroy();
  // Whatever is wrong with it: the same content is sent once more, in the usual way.
  const next = session.during(call, patch).catch(() => undefined);
  void next.finally(abandon);
  return {
    first,
    next,
    isWhole: () => left === 0,
    abandon,
    async write(piece) {
      left -= piece.length;
      if (left < 0) abandon();
      if (body.destroyed) return;
      const mayGoOn = body.write(piece);
      if (left === 0) body.end();
      else if (!mayGoOn) await untilTaken(body);
    },
  };
}

/** Closes the session into which the content was sent; false where all of it has to be sent anew. */
export async function finishAhead(session: RegistrySession, ahead: SentAhead, source: BlobSource): Promise<boolean> {
  if (!ahead.isWhole()) ahead.abandon();
  // What is written may still wait in buffers, on its way to a slow registry.
  else source.onSent?.();
  const upload = await untilAborted(ahead.next, session.signal);
  if (upload === undefined) return false;
  source.onSent?.();
  const subject = pushSubject(session);
  const request = { ...closing(session, upload, source), isRestartable: false, subject } as const;
  const answer = await session.send(request).catch(() => undefined);
  return answer !== undefined && answer.status < 300;
}

async function untilTaken(body: PassThrough): Promise<void> {
  const over = new AbortController();
  const timer = setTimeout(() => body.destroy(), stallMs);
  const heard = ['drain', 'close'].map((event) => once(body, event, { signal: over.signal }));
  await Promise.race(heard).catch(() => undefined);
  clearTimeout(timer);
  over.abort();
  await Promise.allSettled(heard);
}
