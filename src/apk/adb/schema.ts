/** A whole number, below 2^64. */
export interface IntegerSchema {
  readonly kind: 'integer';
  /** How adbdump writes it. */
  readonly base: 8 | 10;
}

/** Bytes that are text, nearly always UTF-8 (text.ts keeps the others). */
export interface TextSchema {
  readonly kind: 'text';
  /** A script: adbdump writes it in lines of its own. */
  readonly isScript: boolean;
}

/** Bytes. */
export interface BytesSchema {
  readonly kind: 'bytes';
}

/** Values of one kind, none of them null. */
export interface ListSchema<Item extends Schema = Schema> {
  readonly kind: 'list';
  readonly item: Item;
}

/** Named values; the first field is slot 1. */
export interface RecordSchema<Fields extends Readonly<Record<string, Schema>> = Readonly<Record<string, Schema>>> {
  readonly kind: 'record';
  readonly fields: Fields;
}

/** What a value must look like (docs/adb.md, 4). */
export type Schema = IntegerSchema | TextSchema | BytesSchema | ListSchema | RecordSchema;

/** What a value of a schema is in memory. Integers past 2^53 are bigints; what is null in a record is left out. */
export type ValueOf<S extends Schema> = S extends IntegerSchema
  ? number | bigint
  : S extends TextSchema
    ? string
    : S extends BytesSchema
      ? Uint8Array
      : S extends ListSchema<infer Item>
        ? readonly ValueOf<Item>[]
        : S extends RecordSchema<infer Fields>
          ? { readonly [Name in keyof Fields]?: ValueOf<Fields[Name]> | undefined }
          : never;

export const integer: IntegerSchema = { kind: 'integer', base: 10 };
export const octal: IntegerSchema = { kind: 'integer', base: 8 };
export const text: TextSchema = { kind: 'text', isScript: false };
export const script: TextSchema = { kind: 'text', isScript: true };
export const bytes: BytesSchema = { kind: 'bytes' };

/** A list of such values. */
export function listOf<Item extends Schema>(item: Item): ListSchema<Item> {
  return { kind: 'list', item };
}

/** A record of these fields, in the order of their slots. */
export function recordOf<Fields extends Readonly<Record<string, Schema>>>(fields: Fields): RecordSchema<Fields> {
  return { kind: 'record', fields };
}
