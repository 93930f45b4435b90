import { availableParallelism } from 'node:os';
import * as z from 'zod';
import { readTinyFile } from '../files/text-file.ts';
import { parseDuration } from './duration.ts';

/** Where a server listens. An absent host means every address of the machine. */
export interface ListenAddress {
  readonly host: string | undefined;
  readonly port: number;
}

const sizeUnits: Readonly<Record<string, number>> = {
  '': 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
};
const maxWorkers = 64;
const maxSecretFileBytes = 1024;

/** Text that isn't empty. */
export const textValue = z.string().min(1, 'must not be empty');

/** A duration such as `500ms`, `30s`, `10m`, `2h`, as milliseconds. A bare number means seconds. */
export const durationValue = textValue.transform((text, context) => {
  return parseDuration(text) ?? refuse(context, `${JSON.stringify(text)} is no duration such as 500ms, 30s or 10m`);
});

/** A size such as `64MiB`, `4GiB`, `100MB`, as bytes. */
export const sizeValue = textValue.transform((text, context) => {
  const [, digits, unit = ''] = /^(\d{1,15}) ?([KMG]i?B)?$/i.exec(text) ?? [];
  return digits === undefined
    ? refuse(context, `${JSON.stringify(text)} is no size such as 64MiB or 4GiB`)
    : Number(digits) * (sizeUnits[unit.toUpperCase()] ?? 1);
});

/** A whole number of at least 1. */
export const countValue = textValue.transform((text, context) =>
  /^[1-9]\d{0,8}$/.test(text) ? Number(text) : refuse(context, `${JSON.stringify(text)} is no whole number above 0`),
);

/** A whole number, which may be 0. */
export const limitValue = textValue.transform((text, context) =>
  /^\d{1,9}$/.test(text) ? Number(text) : refuse(context, `${JSON.stringify(text)} is no whole number`),
);

/** A number of processes from 1 to 64; `auto` is one for each core that this process may use. */
export const workersValue = textValue.transform((text, context) => {
  if (text === 'auto') return Math.min(availableParallelism(), maxWorkers);
  return /^[1-9]\d?$/.test(text) && Number(text) <= maxWorkers
    ? Number(text)
    : refuse(context, `${JSON.stringify(text)} is neither auto nor a number from 1 to ${maxWorkers}`);
});

/** `host:port`, `:port` or `[::1]:port`. */
export const listenValue = textValue.transform((text, context): ListenAddress => {
  const [, host = '', port] = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]*):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    return refuse(context, `${JSON.stringify(text)} is no address such as :9887 or 127.0.0.1:9887`);
  }
  return { host: host === '' ? undefined : host.replace(/^\[|\]$/g, ''), port: Number(port) };
});

/** `host` or `host:port` of a registry, as container tools write it: no scheme, no path. */
export const registryHostValue = textValue.refine(
  (text) => /^([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?$/.test(text),
  'is no registry host such as registry.example.org or 127.0.0.1:5000 (without scheme and path)',
);

/**
 * 32 bytes in hex or base64, or the path of a file that holds them so; else 32 characters, whose bytes are the key, as another
 * lkard took it.
 */
export const aesKeyValue = textValue.transform((text, context): Uint8Array => {
  const inFile = () => readTinyFile(text, maxSecretFileBytes);
  const key = decodeAesKey(text) ?? decodeAesKey(inFile() ?? '') ?? rawAesKey(inFile()?.replace(/\r?\n$/, '') ?? text);
  return (
    key ??
    refuse(
      context,
      'neither 32 bytes in hex or base64, nor a file that holds them, nor 32 characters (openssl rand -hex 32)',
    )
  );
});

/** The first line of a file. */
export const firstLineOfFile = textValue.transform((path, context) => {
  const line = readTinyFile(path, maxSecretFileBytes)?.split(/\r?\n/, 1)[0];
  return line === undefined || line === ''
    ? refuse(context, `${path} can't be read, or its first line is empty`)
    : line;
});

/** The 32 bytes that `text` holds in hex or base64 (also base64url), or undefined. */
export function decodeAesKey(text: string): Uint8Array | undefined {
  const trimmed = text.trim();
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) return Buffer.from(trimmed, 'hex');
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return undefined;
  return Buffer.from(trimmed, 'base64');
}

/** The key that 32 bytes of text are; a path that leads nowhere is none. */
function rawAesKey(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text);
  return bytes.length === 32 && !/^\.{0,2}\//.test(text) ? bytes : undefined;
}

/** Whether only this machine can reach that address. */
export function isLoopback(host: string | undefined): boolean {
  return host !== undefined && /^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(host);
}

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}
