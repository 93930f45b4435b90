import { GatewayError } from '../errors.ts';
import { createMemberReader } from './gzip-members.ts';
import { isSignatureEntry, parseSignatureName } from './signature.ts';
import { createTarReader } from './tar.ts';

/** So many bytes of a package hold its signatures, if it has any. */
export const signatureProbeBytes = 16 * 1024;

/**
 * The names of the keys that signed a package itself, from its first bytes (APKv2: the signature section stands first);
 * empty where it has no signatures. Throws PACKAGE_MALFORMED. Nothing is verified.
 */
export async function readPackageSigners(head: AsyncIterable<Uint8Array>): Promise<readonly string[]> {
  const names: string[] = [];
  const state = { isOver: false };
  const tar = createTarReader({
    entry({ name }) {
      state.isOver ||= !isSignatureEntry(name);
      const keyName = state.isOver ? undefined : parseSignatureName(name)?.keyName;
      if (keyName !== undefined) names.push(keyName);
    },
    endMark: () => undefined,
    faultOf: malformed,
  });
  const members = createMemberReader({
    begin: () => undefined,
    raw: () => undefined,
    content(bytes) {
      if (!state.isOver) tar.write(bytes);
    },
    end: () => undefined,
    faultOf: malformed,
  });
  try {
    for await (const chunk of head) {
      if (state.isOver) break;
      await members.write(chunk);
    }
    return names;
  } finally {
    members.close();
  }
}

function malformed(what: string, cause?: unknown): GatewayError {
  return new GatewayError('PACKAGE_MALFORMED', `signatures: ${what}`, cause === undefined ? {} : { cause });
}
