import * as z from 'zod';
import { isImageName } from '../oci/reference.ts';
import type { SettingRow } from './setting.ts';
import type { SettingRows } from './setting-table.ts';
import { settings, type GivenSettings, type SettingName } from './settings.ts';
import { textValue } from './values.ts';

type OutputOf<Row> = Row extends SettingRow<string, infer Output> ? Output : never;
type FieldOf<Name extends SettingName> = SettingRows[Name]['field'];

/** Settings that are right each by itself, by name; what wasn't given has its default. */
export type Given = { readonly [Name in SettingName]: OutputOf<SettingRows[Name]> } & {
  readonly image: string | undefined;
};

/** The same by the fields that the table of settings gives them. */
export type Fields = {
  readonly [Name in SettingName as Exclude<FieldOf<Name>, `${string}.${string}` | ''>]: Given[Name];
} & {
  readonly [Section in SectionOf<FieldOf<SettingName>>]: {
    readonly [Name in SettingName as InSection<FieldOf<Name>, Section>]: Given[Name];
  };
};
type SectionOf<Field> = Field extends `${infer Section}.${string}` ? Section : never;
type InSection<Field, Section extends string> = Field extends `${Section}.${infer Key}` ? Key : never;

/** Reads settings by their grammars: what they mean, or what is wrong, a sentence a fault. */
export function readGiven(
  given: GivenSettings,
): { readonly given: Given } | { readonly faults: readonly [string, ...string[]] } {
  const image = textValue.refine(isImageName, "can't name an image").optional();
  const schemas = Object.fromEntries(settings().map(({ name, schema }) => [name, schema]));
  const parsed = z.object({ ...schemas, image }).safeParse(given);
  // The table's own types: each row says what its grammar gives.
  if (parsed.success) return { given: parsed.data as Given };
  const [first = '', ...others] = parsed.error.issues.map(({ path, message }) => `${flagOf(path)} ${message}`);
  return { faults: [first, ...others] };
}

/** Puts settings where the table says they stand. */
export function fieldsOf(given: Given): Fields {
  const fields: Record<string, unknown> = {};
  for (const { name, field } of settings()) {
    const [section = '', key] = field.split('.');
    const value = given[name as SettingName];
    if (section === '') continue;
    fields[section] = key === undefined ? value : { ...(fields[section] as object | undefined), [key]: value };
  }
  return fields as Fields;
}

/** The fields where nothing is given: each setting's default, which nobody else says again. */
export const usualFields: Fields = fieldsOf(usualGiven());

function usualGiven(): Given {
  const read = readGiven({});
  if ('faults' in read) throw new TypeError(read.faults.join('; '));
  return read.given;
}

function flagOf([name]: readonly PropertyKey[]): string {
  return name === 'image' ? 'IMAGE' : `--${String(name)}:`;
}
