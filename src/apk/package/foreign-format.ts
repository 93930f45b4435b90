import { parseTarHeader } from '../tar/tar-header.ts';

/** How many bytes of a file `foreignFormat` wants to see, fewer where the file is shorter. */
export const formatProbeBytes = 512;

const signatures: readonly (readonly [name: string, magic: string])[] = [
  ['apk v3 package (ADB)', 'ADB.'],
  ['apk v3 package (ADB)', 'ADBd'],
  ['apk v3 package (ADB)', 'ADBc'],
  ['Debian package', '!<arch>'],
  ['rpm package', '\xed\xab\xee\xdb'],
  ['zip (an Android package?)', 'PK'],
  ['zstd', '\x28\xb5\x2f\xfd'],
  ['xz', '\xfd7zXZ'],
  ['bzip2', 'BZh'],
];

/** The name of the format that a file without gzip's first bytes is in, as far as its own first bytes tell. */
export function foreignFormat(head: Uint8Array): string | undefined {
  const text = Buffer.from(head).toString('latin1');
  const known = signatures.find(([, magic]) => text.startsWith(magic));
  if (known !== undefined) return known[0];
  if (text.trimStart().startsWith('<')) return 'HTML or XML';
  return head.length >= formatProbeBytes && typeof parseTarHeader(head) !== 'string' ? 'tar' : undefined;
}
