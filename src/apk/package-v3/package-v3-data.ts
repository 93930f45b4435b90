import { createHash, type Hash } from 'node:crypto';
import type { FaultOf } from '../adb/payload-reader.ts';
import type { ExpectedFile } from './package-v3-paths.ts';

/** Compares the data blocks of a package with what its paths say of them (docs/adb.md, 5). */
export interface DataCheck {
  begin(size: number): void;
  content(bytes: Uint8Array): void;
  end(): void;
  /** Behind the last block: whether there was any; throws where one is missing. */
  finish(): { readonly hasData: boolean };
}

const headBytes = 8;
const algorithms = new Map([
  [20, 'sha1'],
  [32, 'sha256'],
  [64, 'sha512'],
]);

/** Keeps nothing of what it checks. Throws what `faultOf` makes. */
export function createDataCheck(expected: Iterator<ExpectedFile, void>, faultOf: FaultOf): DataCheck {
  let file: ExpectedFile | undefined;
  let head: Buffer = Buffer.alloc(0);
  let hash: Hash | undefined;
  let hasData = false;

  const readHead = ({ directory, file: number }: ExpectedFile): void => {
    if (head.readUInt32LE(0) !== directory || head.readUInt32LE(4) !== number)
      throw faultOf(`data of another file than that of number ${number} in directory ${directory}`);
  };

  return {
    begin(size) {
      hasData = true;
      file = expected.next().value ?? undefined;
      if (file === undefined) throw faultOf('data of no file that the package has');
      if (size !== file.size + headBytes)
        throw faultOf(`data of ${size - headBytes} bytes for a file of ${file.size} bytes`);
      head = Buffer.alloc(0);
      hash = createHash(algorithms.get(file.hash.length) ?? 'sha256');
    },
    content(bytes) {
      const missing = headBytes - head.length;
      if (missing > 0) {
        head = Buffer.concat([head, bytes.subarray(0, missing)]);
        if (head.length === headBytes && file !== undefined) readHead(file);
      }
      hash?.update(missing > 0 ? bytes.subarray(missing) : bytes);
    },
    end() {
      if (file === undefined || hash?.digest().equals(file.hash) !== true)
        throw faultOf(
          `the data of file ${file?.file ?? 0} in directory ${file?.directory ?? 0} does not match its hash`,
        );
    },
    finish() {
      if (expected.next().done !== true) throw faultOf('truncated: data of a file is missing');
      return { hasData };
    },
  };
}
