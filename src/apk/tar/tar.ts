import { blockBytes, paddingOf, parseTarHeader, type TarHeader } from './tar-header.ts';
import { decodeText, encodedLength } from '../text.ts';

/** An entry with the name and link target that its extension headers give it. */
export type TarEntry = TarHeader;

/** Where the parts of a tar go, in their order. What it throws stops the reading. */
export interface TarHandler {
  /** Called before anything of the entry's content is read. */
  entry(entry: TarEntry): void;
  /** A piece of the last entry's content. */
  content?(bytes: Uint8Array): void;
  /** Two zero blocks: whatever follows is not read. */
  endMark(): void;
  /** The error to throw for a fault. */
  faultOf(what: string): Error;
}

/** Takes a tar in chunks of any size and holds no more of it than one header and one extension header. */
export interface TarReader {
  write(bytes: Uint8Array): void;
  /** Throws where the tar ends inside an entry. */
  end(): void;
}

/** Pax headers and GNU long names past this are refused before anything is stored. */
export const maxExtensionBytes = 64 * 1024;

// Clients refuse longer ones (PATH_MAX less ten).
const maxNameBytes = 4085;

const extensionNames = new Map([
  ['x', 'pax header too large'],
  ['g', 'pax header too large'],
  ['L', 'name too long'],
  ['K', 'name too long'],
]);

/**
 * Reads a tar the way apk-tools does, so that the gateway never sees another one than the client: checksums are not
 * compared, sizes in pax headers are ignored, a zero byte where a name should begin counts as a zero block, and zero
 * blocks are counted wherever they stand. Names given twice, of which apk-tools' choice depends on their order, are faults.
 */
export function createTarReader(handler: TarHandler): TarReader {
  const block = Buffer.alloc(blockBytes);
  let filled = 0;
  let contentLeft = 0;
  let paddingLeft = 0;
  let zeroBlocks = 0;
  let entries = 0;
  let extension: { type: string; parts: Uint8Array[] } | undefined;
  let names: Names = {};

  const takeHeader = (bytes: Uint8Array): void => {
    if (bytes[0] === 0) {
      zeroBlocks += 1;
      if (zeroBlocks === 2) handler.endMark();
      return;
    }
    if (zeroBlocks >= 2) throw handler.faultOf('content behind the end-of-archive mark');
    const header = parseTarHeader(bytes);
    if (typeof header === 'string')
      throw handler.faultOf(entries === 0 ? header : `tar damaged (content where a header should be): ${header}`);
    entries += 1;
    contentLeft = header.size;
    paddingLeft = paddingOf(header.size);
    beginEntry(header);
  };

  const beginEntry = (header: TarHeader): void => {
    const tooLarge = extensionNames.get(header.type);
    if (tooLarge === undefined) {
      handler.entry(namedEntry(header, names, handler));
      names = {};
      return;
    }
    if (header.size > maxExtensionBytes) throw handler.faultOf(`${tooLarge}: ${header.size} bytes`);
    if (header.hasPrefix && header.type !== 'x' && header.type !== 'g')
      throw handler.faultOf('long name with a prefix');
    extension = { type: header.type, parts: [] };
    if (header.size === 0) endContent();
  };

  const endContent = (): void => {
    if (extension === undefined) return;
    const { type, parts } = extension;
    extension = undefined;
    const given = namesOf(type, Buffer.concat(parts), handler);
    if (Object.keys(given).some((key) => key in names)) throw handler.faultOf('two extension headers of a kind');
    names = { ...names, ...given };
  };

  const takeContent = (bytes: Uint8Array): void => {
    contentLeft -= bytes.length;
    // Copied, since the chunk it is part of is given back.
    if (extension !== undefined) extension.parts.push(Buffer.from(bytes));
    else handler.content?.(bytes);
    if (contentLeft === 0) endContent();
  };

  const takeBlock = (bytes: Uint8Array): number => {
    if (filled === 0 && bytes.length >= blockBytes) {
      takeHeader(bytes.subarray(0, blockBytes));
      return blockBytes;
    }
    const part = bytes.subarray(0, blockBytes - filled);
    block.set(part, filled);
    filled = (filled + part.length) % blockBytes;
    if (filled === 0) takeHeader(block);
    return part.length;
  };

  const take = (bytes: Uint8Array): number => {
    if (contentLeft > 0) {
      const part = bytes.subarray(0, contentLeft);
      takeContent(part);
      return part.length;
    }
    if (paddingLeft === 0) return takeBlock(bytes);
    const skipped = Math.min(paddingLeft, bytes.length);
    paddingLeft -= skipped;
    return skipped;
  };

  return {
    write(bytes) {
      for (let rest = bytes; rest.length > 0;) rest = rest.subarray(take(rest));
    },
    end() {
      if (filled > 0 && entries === 0) throw handler.faultOf('not a tar');
      if (contentLeft > 0 || paddingLeft > 0 || filled > 0 || Object.keys(names).length > 0)
        throw handler.faultOf('tar ends inside an entry');
    },
  };
}

/** What extension headers said about the next entry: `long` by GNU, the others by pax, of which `pax` says there was one. */
interface Names {
  readonly long?: string;
  readonly pax?: true;
  readonly path?: string;
  readonly linkPath?: string;
}

function namedEntry(header: TarHeader, names: Names, handler: TarHandler): TarEntry {
  if (names.long !== undefined && header.hasPrefix) throw handler.faultOf('long name beside a prefix');
  const name = names.path ?? names.long ?? header.name;
  if (encodedLength(name) > maxNameBytes) throw handler.faultOf(`name too long: ${name.length} characters`);
  return { ...header, name, linkName: names.linkPath ?? header.linkName };
}

function namesOf(type: string, body: Uint8Array, handler: TarHandler): Names {
  if (type === 'x') return { ...paxNames(body, handler), pax: true };
  if (type !== 'L') return {};
  const end = body.indexOf(0);
  return { long: decodeText(end < 0 ? body : body.subarray(0, end)).text };
}

/** Records of `length key=value LF`, the length counting the whole record (POSIX pax). apk-tools reads no size among them. */
function paxNames(body: Uint8Array, handler: TarHandler): Names {
  let names: Names = {};
  for (let rest = Buffer.from(body); rest.length > 0;) {
    const [head = '', digits = ''] = /^([0-9]{1,6}) /.exec(rest.subarray(0, 8).toString('latin1')) ?? [];
    const length = Number(digits);
    const record = decodeText(rest.subarray(head.length, length)).text;
    const [, key = '', value = ''] = /^([^=]*)=([^]*)\n$/.exec(record) ?? [];
    if (length > rest.length || key === '') throw handler.faultOf('pax header damaged');
    // Clients would end the name there.
    if (key.endsWith('path') && value.includes('\0')) throw handler.faultOf('NUL in a name');
    if (key === 'path') names = { ...names, path: value };
    if (key === 'linkpath') names = { ...names, linkPath: value };
    rest = rest.subarray(length);
  }
  return names;
}
