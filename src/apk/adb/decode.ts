import { decodeText } from '../text.ts';
import { nullWord } from './layout.ts';
import type { FaultOf, PayloadReader } from './payload-reader.ts';
import type { RecordSchema, Schema, ValueOf } from './schema.ts';

/**
 * The value that a word stands for (docs/adb.md, 3 and 4). Slots that the schema doesn't know are checked and passed over.
 * Throws what `faultOf` makes.
 */
export function decode<S extends Schema>(schema: S, reader: PayloadReader, word: number, faultOf: FaultOf): ValueOf<S> {
  return decodeAny(schema, reader, word, faultOf) as ValueOf<S>;
}

function decodeAny(schema: Schema, reader: PayloadReader, word: number, faultOf: FaultOf): unknown {
  switch (schema.kind) {
    case 'integer':
      return reader.integer(word);
    case 'text':
      return decodeText(reader.blob(word)).text;
    case 'bytes':
      return reader.blob(word);
    case 'list':
      return listItems(reader, word, faultOf).map((item) => decodeAny(schema.item, reader, item, faultOf));
    case 'record':
      return decodeRecord(schema, reader, word, faultOf);
  }
}

/** The words of a list's items. Throws what `faultOf` makes, for a null item too. */
export function listItems(reader: PayloadReader, word: number, faultOf: FaultOf): number[] {
  const items: number[] = [];
  for (let index = 1, count = reader.slotCount(word); index < count; index += 1) {
    const item = reader.slot(word, index);
    if (item === nullWord) throw faultOf('an item of a list that is null');
    items.push(item);
  }
  return items;
}

function decodeRecord(schema: RecordSchema, reader: PayloadReader, word: number, faultOf: FaultOf): object {
  const record: Record<string, unknown> = {};
  const names = Object.keys(schema.fields);
  for (let index = 1, count = reader.slotCount(word); index < count; index += 1) {
    const value = reader.slot(word, index);
    if (value === nullWord) continue;
    const name = names[index - 1];
    const field = name === undefined ? undefined : schema.fields[name];
    if (name === undefined || field === undefined) reader.check(value);
    else record[name] = decodeAny(field, reader, value, faultOf);
  }
  return record;
}
