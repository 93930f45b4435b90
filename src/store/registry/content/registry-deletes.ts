import { GatewayError } from '../../../errors.ts';
import type { Digest } from '../../../oci/digest.ts';
import { parseNextLink } from '../../../oci/link.ts';
import { msSince, type MonotonicClock, type MonotonicMs } from '../../../time/monotonic.ts';
import { refuseAborted } from '../../../concurrency/aborted.ts';
import { refusalFault, type RequestSubject } from '../transport/registry-fault.ts';
import { fetchManifest, isImmutable, manifestUrl, resolveManifest } from './registry-manifests.ts';
import { headerOf, type RegistryAnswer } from '../transport/registry-request.ts';
import { isCodedAbsence, isProvenAbsent } from './registry-absence.ts';
import type { RegistrySession } from './registry-session.ts';

/** Removes tags from one registry, and remembers for some minutes in which of the known ways it can't. */
export interface TagRemover {
  /** ImageStore.deleteTag at a registry. */
  deleteTag(session: RegistrySession, tag: string): Promise<void>;
  /** ImageStore.deleteManifest at a registry. */
  deleteManifest(session: RegistrySession, digest: Digest): Promise<void>;
}

/** `refused`: by an answer of the moment. */
type Outcome = 'gone' | 'unsupported' | 'refused';

const rememberedMs = 5 * 60_000;
const maxRepeats = 1000;

/** Creates the ladder: by tag, else by the digest under it, else DELETE_UNSUPPORTED. */
export function createTagRemover(clock: MonotonicClock): TagRemover {
  const noTags = createRefusal(clock);
  const noUnnamed = createRefusal(clock);
  const nothing = createRefusal(clock);

  const removedByTag = async (session: RegistrySession, tag: string): Promise<boolean> => {
    if (noTags.isRecent()) return false;
    const answer = await deleteAll(session, tag);
    if (isGone(session, answer)) return true;
    refuseUnlessUnsupported(answer, session, tag);
    if (isOfTheRegistry(answer)) noTags.note();
    return false;
  };

  const removeByDigest = async (session: RegistrySession, digest: Digest): Promise<Outcome> => {
    const answer = await deleteAll(session, digest);
    if (isGone(session, answer)) return 'gone';
    refuseUnlessUnsupported(answer, session, digest);
    if (isOfTheRegistry(answer)) return 'unsupported';
    return (await resolveManifest(session, digest)) === undefined ? 'gone' : 'refused';
  };

  return {
    deleteManifest: async (session, digest) => {
      refuseAborted(session.signal);
      if (noUnnamed.isRecent() || nothing.isRecent()) throw unsupported(session);
      const outcome = await removeByDigest(session, digest);
      if (outcome === 'gone') return;
      // No word on tags: to believe that none can be removed would let anybody who may push bury what only others may delete.
      if (outcome === 'unsupported') noUnnamed.note();
      throw unsupported(session);
    },
    deleteTag: async (session, tag) => {
      refuseAborted(session.signal);
      if (nothing.isRecent()) throw unsupported(session);
      if (await removedByTag(session, tag)) return;
      const digest = await digestUnder(session, tag);
      if (digest === undefined) return;
      const outcome = await removeByDigest(session, digest);
      if (outcome === 'gone') return;
      if (outcome === 'unsupported') nothing.note();
      throw unsupported(session);
    },
  };
}

// What is removed by its digest goes under all its tags: one odd answer must not take somebody else's along.
async function digestUnder(session: RegistrySession, tag: string): Promise<Digest | undefined> {
  const told = await resolveManifest(session, tag);
  const read = told && (await fetchManifest(session, tag));
  if (told?.digest === read?.digest || read === undefined) return read?.digest;
  const message = `the registry tells two things of ${tag} of ${session.image}: nothing is removed`;
  throw new GatewayError('STORE_UNAVAILABLE', message, { details: { isContradiction: true } });
}

// A refusal that is remembered for some minutes.
function createRefusal(clock: MonotonicClock) {
  let at: MonotonicMs | undefined;
  return {
    note: () => void (at = clock.monotonicMs()),
    isRecent: () => at !== undefined && msSince(clock, at) < rememberedMs,
  };
}

// serverless-registry looks through a part of its objects at a time, and says by a Link where to go on.
async function deleteAll(session: RegistrySession, reference: string): Promise<RegistryAnswer> {
  const subject = deleteSubject(session, reference);
  const url = manifestUrl(session, reference);
  for (let repeats = 0; ; repeats += 1) {
    const answer = await session.send({ method: 'DELETE', operation: 'manifest', url, subject });
    const link = answer.status === 400 ? parseNextLink(headerOf(answer, 'link')) : undefined;
    if (link === undefined || repeats === maxRepeats || !URL.canParse(link, url.href)) return answer;
    url.search = new URL(link, url).search;
  }
}

// It is gone, or was so before. Once something was removed, the image may be gone as a whole.
function isGone(session: RegistrySession, answer: RegistryAnswer): boolean {
  const isDone = answer.status < 300;
  if (isDone) session.sight.forget();
  return isDone || (isCodedAbsence(answer) && isProvenAbsent(session, answer));
}

// A 404 or 405 without a code is some front end's, a registry's that is read-only for now, or what is asked for is gone: only
// a look tells, and nothing of it is worth remembering.
function isOfTheRegistry(answer: RegistryAnswer): boolean {
  return answer.faults.some(({ code }) => code !== '') || ![404, 405].includes(answer.status);
}

// Distribution 2.8 answers 400 DIGEST_INVALID for a tag, Harbor 400 UNSUPPORTED, others 405.
function refuseUnlessUnsupported(answer: RegistryAnswer, session: RegistrySession, reference: string): void {
  if (isImmutable(answer)) {
    throw new GatewayError('TAG_IMMUTABLE', `the registry forbids to remove ${reference} of ${session.image}`, {
      details: { image: session.image, reference, status: answer.status },
    });
  }
  if ([400, 404, 405, 501].includes(answer.status)) return;
  throw refusalFault(answer, deleteSubject(session, reference));
}

function deleteSubject(session: RegistrySession, reference: string): RequestSubject {
  return { what: `removing ${reference} of ${session.image}`, right: 'delete' };
}

function unsupported(session: RegistrySession): GatewayError {
  return new GatewayError('DELETE_UNSUPPORTED', `the registry of ${session.image} removes neither tags nor manifests`, {
    details: { image: session.image },
  });
}
