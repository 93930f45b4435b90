import { nullWord } from './layout.ts';
import type { PayloadWriter } from './payload-writer.ts';
import type { Schema, ValueOf } from './schema.ts';

/** Writes a value and gives its word (docs/adb.md, 3 and 4). Lists are written as they are: their order is the caller's. */
export function encode<S extends Schema>(schema: S, value: ValueOf<S>, writer: PayloadWriter): number {
  return encodeAny(schema, value, writer);
}

// `encode` has the value's type checked; what follows can't know it.
function encodeAny(schema: Schema, value: unknown, writer: PayloadWriter): number {
  switch (schema.kind) {
    case 'integer':
      return writer.integer(value as number | bigint);
    case 'text':
      return writer.text(value as string);
    case 'bytes':
      return writer.blob(value as Uint8Array);
    case 'list':
      return writer.array((value as readonly unknown[]).map((item) => encodeAny(schema.item, item, writer)));
    case 'record': {
      const record = value as Readonly<Record<string, unknown>>;
      const words = Object.entries(schema.fields).map(([name, field]) =>
        record[name] === undefined ? nullWord : encodeAny(field, record[name], writer),
      );
      return writer.object(words);
    }
  }
}
