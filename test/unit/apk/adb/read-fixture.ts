import type { KeyObject } from 'node:crypto';
import { createContainerReader, type AdbContainer } from '../../../../src/apk/adb/container-reader.ts';
import { defaultIndexLimits } from '../../../../src/apk/adb/limits.ts';
import { isSignedBy } from '../../../../src/apk/adb/signature.ts';
import type { DumpedFile } from '../../../support/adb-dump.ts';

/** Reads any ADB file as it is, in chunks of so many bytes. Throws plain errors. */
export async function readContainer(
  file: Uint8Array,
  chunkBytes = 65_536,
): Promise<{ container: AdbContainer; dataSizes: readonly number[] }> {
  const dataSizes: number[] = [];
  const reader = createContainerReader(
    {
      schema: () => undefined,
      payload: () => undefined,
      beginData: (size) => dataSizes.push(size),
      data: () => undefined,
      endData: () => undefined,
    },
    defaultIndexLimits,
    (what, cause) => new Error(what, { cause }),
  );
  try {
    for (let at = 0; at < file.length; at += chunkBytes) await reader.write(file.subarray(at, at + chunkBytes));
    return { container: await reader.end(), dataSizes };
  } finally {
    reader.close();
  }
}

/** The same with a verdict on each signature by a client that has these keys. */
export async function readForDump(file: Uint8Array, keys: Iterable<KeyObject>): Promise<DumpedFile> {
  const read = await readContainer(file);
  const known = [...keys];
  const verdicts = read.container.signatures.map((signature) =>
    known.some((key) => isSignedBy(read.container, signature, key)) ? 'OK' : 'UNTRUSTED signature',
  );
  return { ...read, verdicts };
}
