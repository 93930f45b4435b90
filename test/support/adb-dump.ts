import { encodeText } from '../../src/apk/text.ts';
import type { AdbContainer } from '../../src/apk/adb/container-reader.ts';
import { decode } from '../../src/apk/adb/decode.ts';
import { defaultIndexLimits } from '../../src/apk/adb/limits.ts';
import { openPayload } from '../../src/apk/adb/payload-reader.ts';
import type { Schema } from '../../src/apk/adb/schema.ts';
import { dependencySchema, indexSchema, packageSchema, type AdbDependency } from '../../src/apk/adb/schemas.ts';

/** What of a file `apk adbdump` shows: a container, the sizes of its data blocks, and whether each signature is right. */
export interface DumpedFile {
  readonly container: AdbContainer;
  readonly dataSizes: readonly number[];
  readonly verdicts: readonly string[];
}

/** The text that `apk adbdump` of apk 3.0 writes. */
export function dumpAdb({ container, dataSizes, verdicts }: DumpedFile): string {
  const { schema, payload, signatures } = container;
  const faultOf = (what: string) => new Error(what);
  const reader = openPayload(payload, defaultIndexLimits, faultOf);
  const shape = schema === 'indx' ? indexSchema : packageSchema;
  const root: unknown = decode(shape, reader, reader.root, faultOf);
  return [
    `#%SCHEMA: ${Buffer.from(schema, 'latin1').readUInt32LE(0).toString(16).toUpperCase().padStart(8, '0')}`,
    `# ADB block, size: ${payload.length}, compat: ${payload[0]!}, ver: ${payload[1]!}`,
    ...recordLines(shape.fields, root, ''),
    ...signatures.map(({ bytes }, i) => signatureLine(bytes, verdicts[i] ?? 'UNTRUSTED signature')),
    ...dataSizes.map((size) => `# data block, size: ${size}`),
    '',
  ].join('\n');
}

function recordLines(fields: Readonly<Record<string, Schema>>, value: unknown, indent: string): string[] {
  const record = value as Readonly<Record<string, unknown>>;
  return Object.entries(fields).flatMap(([name, schema]) =>
    record[name] === undefined ? [] : fieldLines(kebab(name), schema, record[name], indent),
  );
}

function fieldLines(name: string, schema: Schema, value: unknown, indent: string): string[] {
  if (schema.kind === 'record') return [`${indent}${name}:`, ...recordLines(schema.fields, value, `${indent}  `)];
  if (schema.kind !== 'list') return scalarLines(`${indent}${name}: `, schema, value, indent);
  const items = value as readonly unknown[];
  return [
    `${indent}${name}: # ${items.length} items`,
    ...items.flatMap((item) => itemLines(schema.item, item, `${indent}  `, name === 'xattrs')),
  ];
}

function itemLines(schema: Schema, item: unknown, indent: string, isXattr: boolean): string[] {
  if (schema === dependencySchema) return quotedLines(`${indent}- `, tokenOf(item as AdbDependency), indent);
  if (schema.kind !== 'record') {
    const shown = isXattr ? xattrOf(item as Uint8Array) : (item as string);
    return quotedLines(`${indent}- `, shown, indent);
  }
  const [first = '', ...rest] = recordLines(schema.fields, item, `${indent}  `);
  return [`${indent}- ${first.slice(indent.length + 2)}`, ...rest];
}

function scalarLines(head: string, schema: Schema, value: unknown, indent: string): string[] {
  if (schema.kind === 'integer')
    return [`${head}${schema.base === 8 ? '0' : ''}${(value as number).toString(schema.base)}`];
  if (schema.kind === 'bytes') return [`${head}${Buffer.from(value as Uint8Array).toString('hex')}`];
  const isScript = schema.kind === 'text' && schema.isScript;
  return quotedLines(head, value as string, indent, isScript);
}

function quotedLines(head: string, text: string, indent: string, isScript = false): string[] {
  const isLong = isScript || encodeText(text).length >= 80 || /[\r\n']| #/.test(text);
  if (isLong && text !== '') {
    const lines = text.split('\n');
    return [`${head}|`, ...(lines.at(-1) === '' ? lines.slice(0, -1) : lines).map((line) => `${indent}  ${line}`)];
  }
  return [`${head}${/^[-?:,[\]{}#&*!|>'"%@`]|: |#/.test(text) ? `'${text}'` : text}`];
}

function tokenOf({ name = '', version, match = 1 }: AdbDependency): string {
  const bits = Number(match);
  const bang = (bits & 16) === 0 ? '' : '!';
  if (version === undefined) return `${bang}${name}`;
  const operators = new Map([
    [1, '='],
    [2, '<'],
    [3, '<='],
    [4, '>'],
    [5, '>='],
    [6, '><'],
    [8, '~'],
    [9, '~'],
    [11, '<~'],
    [13, '>~'],
  ]);
  return `${bang}${name}${operators.get(bits & 15) ?? '?'}${version}`;
}

function xattrOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return `${Buffer.from(bytes.subarray(0, end)).toString()}=${Buffer.from(bytes.subarray(end + 1)).toString('hex')}`;
}

/** The line ends where apk's buffer of 160 bytes leaves 40. */
function signatureLine(bytes: Uint8Array, verdict: string): string {
  const [version = 0, hash = 0] = bytes;
  const head = `sig v${hex(version)} h${hex(hash)} `;
  const hexText = Buffer.from(bytes.subarray(2)).toString('hex');
  const kept = hexText.slice(0, 160 - 40 - head.length + ((160 - 40 - head.length) % 2));
  return `# ${head}${kept}${kept.length < hexText.length ? '..' : ''}: ${verdict}`;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Of packages of the old format, indexes of our own say nothing of what they replace: no client reads it there. */
export function withoutV2Replaces(lines: readonly string[]): string[] {
  let isV2 = false;
  let isReplaces = false;
  return lines.filter((line) => {
    if (line.startsWith('    hashes: ')) isV2 = line.length === '    hashes: '.length + 40;
    if (/^ {4}\S/.test(line)) isReplaces = isV2 && line.startsWith('    replaces:');
    if (line.startsWith('  - ')) isReplaces = false;
    return !isReplaces;
  });
}
