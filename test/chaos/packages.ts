import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { readIndexFile } from '../../src/apk/index/index-file.ts';
import { readPackage } from '../../src/apk/package/package-file.ts';
import { verify } from '../../src/apk/signature.ts';
import { signingKeyOf } from '../../src/repository/keys/signing-key.ts';
import { anApk } from '../support/an-apk.ts';
import { aPrivateKey } from '../support/signing-keys.ts';

/** A package that is pushed, and how it is known again. */
export interface ChaosPackage {
  /** `<architecture>/<file name>`. */
  readonly file: string;
  readonly bytes: Buffer;
  readonly sha256: string;
  /** As the index has it. */
  readonly identity: string;
}

/** The key that the gateways sign with. */
export const signingKeyName = 'test-only-2048.rsa';
const key = signingKeyOf(aPrivateKey(signingKeyName), `${signingKeyName}.pub`);

/** A package; `content` makes others of the same name, `dataBytes` a large one. */
export async function makePackage(
  arch: string,
  name: string,
  content: string,
  dataBytes?: number,
): Promise<ChaosPackage> {
  const bytes = anApk({
    name,
    version: '1.0-r0',
    arch,
    description: content,
    files: { [`usr/share/${name}`]: content },
    ...(dataBytes !== undefined && { dataBytes }),
  });
  const { entry } = await readPackage(Readable.from([bytes]));
  return { file: `${arch}/${name}-1.0-r0.apk`, bytes, sha256: sha256Of(bytes), identity: entry.identity };
}

/** What an index lists: identity by file. Throws where it has no good signature, or lists a file twice. */
export function readSignedIndex(bytes: Uint8Array): ReadonlyMap<string, string> {
  const { signatures, content, entries } = readIndexFile(bytes);
  const isSigned = signatures.some(
    ({ keyName, bytes: signature }) => keyName === key.fileName && verify(content, signature, key.publicKey, 'RSA256'),
  );
  if (!isSigned) throw new Error('it has no good signature');
  const listed = new Map<string, string>();
  for (const { architecture, name, version, identity } of entries) {
    const file = `${architecture}/${name}-${version}.apk`;
    if (listed.has(file)) throw new Error(`it lists ${file} twice`);
    listed.set(file, identity);
  }
  return listed;
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
