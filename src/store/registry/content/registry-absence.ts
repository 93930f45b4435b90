import { GatewayError } from '../../../errors.ts';
import { hasFault } from '../transport/registry-fault.ts';
import type { RegistryAnswer } from '../transport/registry-request.ts';
import type { RegistrySession } from './registry-session.ts';

// Harbor says NOT_FOUND, Quay TAG_EXPIRED for a tag that was removed; the others are the spec's.
const absenceCodes = ['MANIFEST_UNKNOWN', 'BLOB_UNKNOWN', 'NAME_UNKNOWN', 'NOT_FOUND', 'TAG_EXPIRED'];

/** Whether the registry itself says that there is none: a 404 with one of its codes (distribution-spec, Error Codes). */
export function isCodedAbsence(answer: RegistryAnswer): boolean {
  return answer.status === 404 && hasFault(answer, ...absenceCodes);
}

/**
 * Whether the answer to a GET means that there is none; false for any status but 404. Throws STORE_UNAVAILABLE where a 404 is
 * no proof: without a code (`details.bare404`) it came from a front end, and an image of which this caller has just read
 * something isn't unknown (`details.isContradiction`).
 */
export function isProvenAbsent(session: Pick<RegistrySession, 'image' | 'sight'>, answer: RegistryAnswer): boolean {
  if (answer.status !== 404) return false;
  if (!isCodedAbsence(answer)) {
    throw unprovenAbsence(answer, 'answers 404 without saying what is missing', { bare404: true });
  }
  if (hasFault(answer, 'NAME_UNKNOWN') && session.sight.isRecent()) {
    const text = `knows nothing of ${session.image}, of which it has just told something`;
    throw unprovenAbsence(answer, text, { isContradiction: true });
  }
  return true;
}

function unprovenAbsence(answer: RegistryAnswer, text: string, details: { readonly [flag: string]: true }) {
  const { host } = answer.url;
  return new GatewayError('STORE_UNAVAILABLE', `${host} ${text}`, {
    details: { host, status: answer.status, ...details },
  });
}
